#include "channels/channel.h"

/* The first that takes an endpoint has it. */
static const struct channel *const channels[] = { &slack_channel, &webhook_channel };

const struct channel *channel_of(const char *endpoint)
{
    for (size_t i = 0; i < sizeof channels / sizeof *channels; i++)
        if (channels[i]->takes(endpoint))
            return channels[i];
    return &webhook_channel;
}

bool channel_post(struct arena *a, const struct webhook *to, const char *id, struct instant now,
                  const struct tidings *t, struct post *out, struct fault *f)
{
    const struct channel *channel = channel_of(to->url);
    struct webhook as = *to;
    if (!channel->keyed)
        as.secret = as.before = (struct secret){ "" };
    return webhook_post(a, &as, id, now, channel->body(a, t), out, f);
}
