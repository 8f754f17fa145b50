/* change_texts - the change log as it is served: a page, a feed, JSON. */
#ifndef API_CHANGE_TEXTS_H
#define API_CHANGE_TEXTS_H

#include "base/text.h"
#include "changelog.pb-c.h"

#define CHANGE_LOG_PATH  "/changelog"
#define CHANGE_FEED_PATH "/rss.xml" /* below it, as the next */
#define CHANGE_LIST_PATH "/changes.json"

/* Each appends the whole. `base` is what links begin with: "https://ca.example", no slash at the end. */
void change_page(struct text *out, const ChangeList *list, const char *base);
void change_feed(struct text *out, const ChangeList *list, const char *base);

/* The style sheet that change_page() puts into the page, for who allows no other. */
extern const char change_page_style[];

/* "15 March 2029", and where a day does not begin then, with the time: "15 March 2029, 12:00 UTC". */
void change_day(struct text *out, const Instant *at);

#endif
