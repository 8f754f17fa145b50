/* text_rules - what texts of clients may be, as rows: how long, and of which characters. */
#ifndef API_TEXT_RULES_H
#define API_TEXT_RULES_H

#include "bus/call.h"

/* No control characters in any; TEXT_LINES takes line breaks and tabs. */
enum text_kind { TEXT_LINE, TEXT_LINES, TEXT_EMAIL, TEXT_USERNAME, TEXT_TELEPHONE };

/* FILLED: where it is there, there is more than spaces. REQUIRED: it is there, and filled. */
enum text_need { TEXT_OPTIONAL, TEXT_FILLED, TEXT_REQUIRED };

struct text_rule {
    const char *member; /* a string, or a list of strings */
    enum text_kind kind;
    size_t max;       /* characters */
    size_t items_max; /* of a list */
    enum text_need need;
};

/* Examines the members that `rules`, ended by a row of zeros, name. An empty optional text is as
 * good as none, but not in a list. Faults name `within` and the member: "technical_contact.email". */
bool texts_good(struct call *call, const ProtobufCMessage *message, const struct text_rule *rules,
                const char *within);

/* "a, b, c", for messages that say what may be asked for. */
char *texts_listed(struct arena *a, char *const *list, size_t count);

/* Of Contact and OrderContact (services API 3.13). */
extern const struct text_rule contact_text_rules[];

#endif
