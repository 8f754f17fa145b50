/* html - other people's words on our pages and in our feed. */
#ifndef GATEWAY_HTML_H
#define GATEWAY_HTML_H

#include "base/text.h"

/* Appends UTF-8 as a text, or inside of a quoted attribute, of HTML (5, 13.1.2.3 and 13.3) and of XML 1.0, where
 * what is no character of XML (2.2) becomes U+FFFD. */
void html_add(struct text *t, const char *text);

#endif
