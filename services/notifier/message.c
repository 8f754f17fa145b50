/* What is posted: from the rows to the bytes. */
#include <string.h>

#include "channels/channel.h"
#include "deliveries.h"
#include "ledger/authority.h"
#include "message/convert.h"

bool delivery_secret(struct arena *a, bool has, ProtobufCBinaryData sealed, int64_t webhook_id,
                     struct secret *out, struct fault *f)
{
    struct bytes plain;
    const char *aad = arena_format(a, WEBHOOK_SECRET_AAD, (long long)webhook_id);
    *out = (struct secret){ "" };
    if (!has)
        return true;
    if (!unseal(a, notifier.seal, BYTES_OF(aad), bytes_value(sealed), &plain, f))
        return false;
    out->text = (const char *)plain.data;
    return true;
}

/* One that cannot be opened any more is no reason not to tell: the present one signs. */
static void secret_before(struct arena *a, const Delivery *d, struct instant now,
                          struct secret *out)
{
    struct fault ignored = { 0 };
    bool counts = d->has_secret_before_sealed && d->secret_before_until &&
                  instant_before(now, instant_value(d->secret_before_until));
    if (!delivery_secret(a, counts, d->secret_before_sealed, d->webhook_id, out, &ignored))
        *out = (struct secret){ "" };
}

static bool chain_add(struct arena *a, const Delivery *d, EventData *data, struct fault *f)
{
    if (!d->has_der)
        return true;
    return authority_chain(a, d->common_name, bytes_value(d->der), d->ca_id,
                           &data->certificate_chain, &data->n_certificate_chain, f);
}

/* The same id for each attempt, so that receivers can drop what they have seen. */
bool delivery_post(struct arena *a, const Delivery *d, const DeliveryWords *words,
                   struct instant now, struct post *out, struct fault *f)
{
    EventData data = *d->data;
    struct webhook to = { .account_id = d->account_id, .url = d->endpoint };
    const char *id =
        arena_format(a, "evt_%lld_%lld", (long long)d->event_id, (long long)d->webhook_id);
    secret_before(a, d, now, &to.before);
    return delivery_secret(a, d->has_secret_sealed, d->secret_sealed, d->webhook_id, &to.secret,
                           f) &&
           (delivery_is_worded(d) || chain_add(a, d, &data, f)) &&
           channel_post(a, &to, id, now, &(struct tidings){ d->event, &data, words }, out, f);
}

bool delivery_is_worded(const Delivery *d)
{
    return d->endpoint && channel_of(d->endpoint)->worded;
}
