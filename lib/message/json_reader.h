/* json_reader - json_read.c's ground: a reading under way, what is noted of it, what is passed over. */
#ifndef MESSAGE_JSON_READER_H
#define MESSAGE_JSON_READER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"
#include "message/json.h"
#include "message/lexer.h"
#include "message/members_seen.h"
#include "message/place.h"
#include "message/plan.h"

struct reader {
    struct lexer lexer;
    struct arena *arena;
    struct members_seen
        members_seen; /* of the objects that are open, as far as they are no members */
    unsigned depth;
    size_t given;    /* members that had a value, so far */
    bool request;    /* of a client: lenient.h */
    const char *why; /* what is wrong with the text, when more is known than "not JSON" */
    bool noted;
    struct fault *fault;
    struct json_strays *strays; /* NULL: nobody asks */
};

/* Which members an object has named, by index of the field: for duplicates, and for what is
 * required. */
struct seen {
    uint64_t named[PLAN_FIELDS_MAX / 64], given[PLAN_FIELDS_MAX / 64];
};

/* The first thing that is wrong with a member is kept; reading goes on. */
void reader_note(struct reader *r, enum fault_code code, const struct place *place,
                 const char *why);

/* A member that the message at `outer` does not have, or that nobody may give. */
void reader_stray(struct reader *r, const ProtobufCMessageDescriptor *within, const char *name,
                  const struct place *outer);

/* False: the text is none that we take. */
bool reader_refuse(struct reader *r, const char *why);
bool reader_enter(struct reader *r);
bool reader_scalar(struct reader *r, struct token *out, const struct place *place);

/* A key and the colon after it. */
bool reader_key(struct reader *r, struct token *key, const struct place *place);

/* After a value: true with `*more` false at `close`, with `*more` true at a comma. */
bool reader_next(struct reader *r, char close, bool *more);

bool reader_skip(struct reader *r, const struct place *place); /* a whole value */

#endif
