/* markdown - texts of ours as HTML: CommonMark (0.30) without what a page or a feed reader could be made to do.
 */
#ifndef BASE_MARKDOWN_H
#define BASE_MARKDOWN_H

#include "base/arena.h"
#include "base/fault.h"
#include "base/text.h"

/* Is there nothing but what every reader of a feed shows alike? No HTML, no images, no headings, links to http,
 * https and mailto alone. FAULT_INVALID says what there is; `*line`, from 1, where it begins. */
bool markdown_check(struct bytes text, int *line, struct fault *f);

/* Appends the HTML of it; of what markdown_check() refuses, without HTML, and links and images that are none of
 * http, https and mailto lead nowhere. */
void markdown_html(struct text *out, struct bytes text);

#endif
