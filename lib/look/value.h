/* value - does what is wanted, a random value say, stand where its owner was asked to put it? (fuzz/dns.c, fuzz/redirect.c) */
#ifndef LOOK_VALUE_H
#define LOOK_VALUE_H

#include <stdbool.h>

#include "base/text.h"
#include "pki/dcv_method.h"

/* 112 bits of base 36 (BR 1.6.1, Random Value): what is shorter proves nothing. */
enum { VALUE_LEAST = 22 };

/* As the whole text or as a word of its own, between white space, quotes, commas and semicolons: within
 * a longer word it is a part of something that stands there for another reason. What is not of letters
 * and digits alone is no value of ours, and stands nowhere. */
bool value_stands(struct bytes text, const char *value);

/* In the way of the method. What must be all of the text may have other letters as well, but is no shorter:
 * RFC 8555 section 8.1 puts a key's thumbprint behind the value, with a dot between. */
bool value_matches(struct bytes text, const char *value, enum dcv_match match);

/* Of a text that was cut: without the word at its end, of which there may be more. */
struct bytes value_whole_words(struct bytes text);

/* Anywhere, in capitals or not: for what must not say it. */
bool value_is_mentioned(const char *text, const char *value);

#endif
