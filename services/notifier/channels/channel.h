/* channel - the forms in which an event is told: a row each, in the table of channel.c. The endpoint
 * decides which; when and how often is the same for all. */
#ifndef NOTIFIER_CHANNELS_CHANNEL_H
#define NOTIFIER_CHANNELS_CHANNEL_H

#include "channels/webhook.h"
#include "delivery.pb-c.h"

struct tidings {
    const char *event;
    const EventData *data;      /* NULL: none */
    const DeliveryWords *words; /* NULL: none known */
};

struct channel {
    const char *name;
    bool (*takes)(const char *endpoint);
    struct bytes (*body)(struct arena *a, const struct tidings *t);
    bool worded; /* is read by people: wants `words`, and no chain */
    bool keyed;  /* the webhook's secret goes along */
};

/* Never NULL: what no other takes is a program that listens for JSON. */
const struct channel *channel_of(const char *endpoint);

/* What goes to the endpoint: as webhook_post(), in the form of its channel. */
bool channel_post(struct arena *a, const struct webhook *to, const char *id, struct instant now,
                  const struct tidings *t, struct post *out, struct fault *f);

extern const struct channel slack_channel, webhook_channel;

#endif
