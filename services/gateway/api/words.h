/* words - what people type into members that are shown again: is it short enough, is it readable? */
#ifndef API_WORDS_H
#define API_WORDS_H

#include "bus/call.h"

struct word_rule {
    const char *member;
    size_t most;                                         /* characters */
    enum { WORD_FREE, WORD_FILLED, WORD_REQUIRED } need; /* FILLED: not blank where it is there */
    bool (*good)(const char *word);                      /* NULL: anything that can be read */
    const char *says;                                    /* when it is not good */
};

/* Rules end with a row of zeros. Faults name the member. Absent members that nobody requires are
 * good. */
bool words_good(struct call *call, const ProtobufCMessage *message, const struct word_rule *rules);

bool word_is_username(const char *word); /* a-z A-Z 0-9 @ - _ + . */
bool word_is_email(const char *word);    /* the form only */
bool word_is_telephone(const char *word);

#endif
