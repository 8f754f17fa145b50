#include "list_csv.h"

#include <stdlib.h>
#include <string.h>

#include "http.h"
#include "message/csv.h"

/* RFC 9110 section 12.4.2: from 0 to 1, 1 where it is not given. */
static double weight_of(const char *range, size_t length)
{
    const char *end = range + length;
    for (const char *at = range + strcspn(range, ";,"); at < end; at += strcspn(at, ";,")) {
        at += 1 + strspn(at + 1, " \t");
        if (strncasecmp(at, "q=", 2) == 0)
            return strtod(at + 2, NULL);
    }
    return 1;
}

/* What an Accept header gives a media type that is spelled out in it; 0: nothing. */
static double asked_for(const char *accept, const char *type)
{
    double best = 0;
    for (const char *at = accept; *at; at += *at == ',') {
        at += strspn(at, " \t");
        size_t length = strcspn(at, ","), name = strcspn(at, ",; \t");
        double weight = weight_of(at, length);
        if (name == strlen(type) && strncasecmp(at, type, name) == 0 && weight > best)
            best = weight;
        at += length;
    }
    return best;
}

/* Without a word about CSV the answer is JSON, whatever else is named. */
bool list_csv_preferred(const char *accept)
{
    if (!accept)
        return false;
    double csv = asked_for(accept, "text/csv");
    return csv > 0 && csv >= asked_for(accept, "application/json");
}

static const ProtobufCFieldDescriptor *list_of(const ProtobufCMessageDescriptor *type)
{
    for (unsigned i = 0; i < type->n_fields; i++)
        if (type->fields[i].label == PROTOBUF_C_LABEL_REPEATED &&
            type->fields[i].type == PROTOBUF_C_TYPE_MESSAGE)
            return &type->fields[i];
    return NULL;
}

bool list_csv_shape(struct call *call, const ProtobufCMessage *answer, struct http_answer *out)
{
    const ProtobufCFieldDescriptor *list = list_of(answer->descriptor);
    const char *base = (const char *)answer;
    struct text text;
    http_header(call, "Vary", "Accept");
    if (!list || !list_csv_preferred(http_request_header(call, "Accept")))
        return false;
    text_init(&text, &call->arena);
    messages_to_csv(list->descriptor,
                    *(ProtobufCMessage *const *const *)(const void *)(base + list->offset),
                    *(const size_t *)(const void *)(base + list->quantifier_offset), &text);
    out->type = "text/csv; charset=utf-8";
    out->body = (struct bytes){ (const uint8_t *)text.data, text.length };
    return true;
}
