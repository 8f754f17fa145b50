#include "channels/slack.h"

#include <stdio.h>
#include <string.h>

#include "channels/channel.h"
#include "message/convert.h"
#include "message/json.h"

enum { PLACES_MAX = 8, PATH_SIZE = 128 };

static struct place {
    char host[GUARD_HOST_SIZE], path[PATH_SIZE];
    uint16_t port;
} places[PLACES_MAX];
static size_t place_count;

/* ---- which endpoints */

/* The form only: whether we may connect is judged elsewhere. */
static bool url_split(const char *url, struct guarded_url *out, const char **path, struct fault *f)
{
    static const struct guard any = { .loopback = true };
    if (!guard_url(&any, url, out, f))
        return false;
    *path = strchr(strstr(out->text, "//") + 2, '/');
    if (!*path)
        *path = "/";
    return true;
}

static bool place_read(const char *text, size_t length, struct place *out, struct fault *f)
{
    struct guarded_url url;
    const char *path;
    char full[GUARD_HOST_SIZE + PATH_SIZE];
    if (length >= PATH_SIZE)
        return fault_set(f, FAULT_INVALID, NULL, "is too long");
    snprintf(full, sizeof full, "https://%.*s", (int)length, text);
    if (!url_split(full, &url, &path, f))
        return false;
    *out = (struct place){ .port = url.port };
    snprintf(out->host, sizeof out->host, "%s", url.host);
    snprintf(out->path, sizeof out->path, "%s", path);
    return true;
}

bool slack_places(const char *list, struct fault *f)
{
    place_count = 0;
    for (list += strspn(list, " "); *list; list += strspn(list, " ")) {
        size_t length = strcspn(list, " ");
        if (place_count == PLACES_MAX)
            return fault_set(f, FAULT_INVALID, NULL, "names more than %d places", PLACES_MAX);
        if (!place_read(list, length, &places[place_count++], f))
            return false;
        list += length;
    }
    return true;
}

static bool slack_takes(const char *endpoint)
{
    struct guarded_url url;
    const char *path;
    struct fault ignored;
    if (!url_split(endpoint, &url, &path, &ignored))
        return false;
    for (const struct place *p = places; p < places + place_count; p++)
        if (p->port == url.port && strcmp(p->host, url.host) == 0 &&
            strncmp(p->path, path, strlen(p->path)) == 0)
            return true;
    return false;
}

/* ---- what is said */

// clang-format off
static const struct wording {
    const char *event, *headline, *todo;
} wordings[] = {
    { "certificate_issued",             "A certificate was issued",                    "Download it and install it on your server." },
    { "certificate_revoked",            "A certificate was revoked",                   "Take it out of use now; reissue the order or place a new one." },
    { "order_rejected",                 "An order was rejected",                       "Look at the request for the reason, then order again." },
    { "domain_validated",               "A domain was validated",                      "Nothing: certificates for it can be issued." },
    { "domain_revalidation_notice",     "The validation of a domain is about to end",  "Validate it again, so that certificates for it can be issued without delay." },
    { "domain_expired",                 "The validation of a domain has ended",        "Validate it again before you order certificates for it." },
    { "organization_validated",         "An organization was validated",               "Nothing: certificates for it can be issued." },
    { "organization_revalidation_notice", "The validation of an organization is about to end", "Submit it for validation again, so that certificates for it can be issued without delay." },
    { "organization_expired",           "The validation of an organization has ended", "Submit it for validation again before you order certificates for it." },
    { "test_webhook_endpoint",          "This is a test message",                      "Nothing: messages arrive here." },
    { "challenge_webhook_endpoint",     "Shall events be told here?",                  "If you have asked for that, confirm it with this token within 30 minutes." },
};
// clang-format on

static const struct wording *wording_of(const char *event)
{
    for (size_t i = 0; i < sizeof wordings / sizeof *wordings; i++)
        if (strcmp(wordings[i].event, event) == 0)
            return &wordings[i];
    return NULL;
}

/* Slack takes these three for its own markup, and no others. */
static void add_escaped(struct text *out, const char *s)
{
    static const struct {
        char c;
        const char *text;
    } escapes[] = { { '&', "&amp;" }, { '<', "&lt;" }, { '>', "&gt;" } };
    for (; *s; s++) {
        size_t i = 0;
        while (i < 3 && escapes[i].c != *s)
            i++;
        if (i < 3)
            text_add(out, escapes[i].text);
        else
            text_add_char(out, *s);
    }
}

/* As code: names are not made links, and a wildcard is no emphasis. */
static void add_code(struct text *out, const char *label, const char *value)
{
    if (!value || !*value)
        return;
    text_format(out, "\n%s `", label);
    add_escaped(out, value);
    text_add_char(out, '`');
}

static void add_number(struct text *out, const char *label, bool has, int64_t value)
{
    if (has)
        text_format(out, "\n%s %lld", label, (long long)value);
}

static void add_data(struct text *out, const EventData *d)
{
    add_number(out, "Order", d->has_order_id, d->order_id);
    add_number(out, "Certificate", d->has_certificate_id, d->certificate_id);
    add_number(out, "Webhook", d->has_webhook_id, d->webhook_id);
    add_code(out, "Token", d->token);
}

static void add_words(struct text *out, const DeliveryWords *w)
{
    char from[INSTANT_TEXT_SIZE], till[INSTANT_TEXT_SIZE];
    add_code(out, "Common name", w->common_name);
    if (w->product_name) {
        text_add(out, "\nProduct ");
        add_escaped(out, w->product_name);
    }
    if (w->valid_from && w->valid_till)
        text_format(out, "\nValid from %s to %s", instant_date(instant_value(w->valid_from), from),
                    instant_date(instant_value(w->valid_till), till));
}

/* An event that has no words yet is named as it is. */
static struct bytes slack_body(struct arena *a, const struct tidings *t)
{
    const struct wording *wording = wording_of(t->event);
    struct text text, json;
    text_init(&text, a);
    text_add_char(&text, '*');
    add_escaped(&text, wording ? wording->headline : t->event);
    text_add_char(&text, '*');
    if (t->data)
        add_data(&text, t->data);
    if (t->words)
        add_words(&text, t->words);
    if (wording)
        text_format(&text, "\nWhat to do: %s", wording->todo);
    text_init(&json, a);
    text_add(&json, "{\"text\":");
    json_add_string(&json, text.data);
    text_add_char(&json, '}');
    return BYTES_OF(json.data);
}

const struct channel slack_channel = {
    .name = "slack",
    .takes = slack_takes,
    .body = slack_body,
    .worded = true,
};
