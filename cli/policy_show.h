/* policy_show - products, profiles and rules as people read them. */
#ifndef CLI_POLICY_SHOW_H
#define CLI_POLICY_SHOW_H

#include "base/text.h"
#include "product.pb-c.h"

/* Each member that is there, a line each; below a heading of the caller's. */
void policy_show_product(const Product *product, struct text *out);
void policy_show_profile(const Profile *profile, struct text *out);

/* Words, so many to a line; those after the first line begin where the first did. */
void policy_show_words(struct text *out, const char *words, int indent);

/* A rule in its own words, in lines of at most 118 characters. */
void policy_show_rule(const Rule *rule, struct text *out);

/* "must", "should", "prohibited" for M, S, X. */
const char *policy_level_word(const char *level);

/* "200 days", "yes"; NULL where the rule gives no value. */
const char *policy_value_text(struct arena *a, const Rule *r);

/* "2027-03-15", with its time where that is not midnight; NULL stays NULL. */
const char *policy_day_text(struct arena *a, const Instant *at);

#endif
