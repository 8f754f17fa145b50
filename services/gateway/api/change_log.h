/* change_log - /changelog: the change log of the policy in force, for people, feed readers and programs; no key.
 *
 * It is served from memory. A thread of its own looks each second whether another policy is in force, or the day
 * of a change has come, and writes it anew then. While the database is away, it is what it was.
 */
#ifndef API_CHANGE_LOG_H
#define API_CHANGE_LOG_H

#include "changelog.pb-c.h"
#include "route.h"
#include "store/store.h"

extern ChangeLog_Service change_log_service;

/* Ends with NULL; below /changelog. */
extern const struct route *const change_log_tables[];

/* Of the family. */
void change_log_dress(struct call *call, const struct http_answer *out);

/* `base` is what links begin with, "https://ca.example"; it and `store` are borrowed. */
void change_log_open(const struct store_options *store, const char *base);
void change_log_close(void); /* nothing, if it was not opened */

#endif
