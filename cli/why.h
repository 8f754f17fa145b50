/* why - the story of an order as text: folded to a terminal's width. */
#ifndef CLI_WHY_H
#define CLI_WHY_H

#include "base/text.h"
#include "story.pb-c.h"

void why_text(const OrderStory *story, size_t width, struct text *out);

#endif
