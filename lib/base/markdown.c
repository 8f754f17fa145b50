#include "base/markdown.h"

#include <cmark.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/utf8.h"

/* Raw HTML is left out unless CMARK_OPT_UNSAFE is asked for. What a link may lead to is said below: the library
 * knows only some of the schemes that do harm. */
enum { OPTIONS = CMARK_OPT_VALIDATE_UTF8 };

AUTO_FREE(cmark_node, cmark_node_free);
AUTO_FREE(cmark_iter, cmark_iter_free);

static cmark_node *parsed(struct bytes text)
{
    return cmark_parse_document((const char *)text.data, text.size, OPTIONS);
}

static bool is_clean(const char *text)
{
    for (; text && *text; text += utf8_length(text, strlen(text)))
        if (utf8_control(text) >= 0 && *text != '\n' && *text != '\t')
            return false;
    return true;
}

/* Of all that a node can say; what its type does not have is NULL. Numbers of characters have become characters. */
static bool is_free_of_controls(cmark_node *node)
{
    return is_clean(cmark_node_get_literal(node)) && is_clean(cmark_node_get_title(node)) &&
           is_clean(cmark_node_get_fence_info(node));
}

/* The destination is asked as a browser gets it, without escapes: what begins with one of these has that scheme,
 * whatever follows; anything else may have any. */
static bool is_safe_link(cmark_node *node)
{
    static const char *const schemes[] = { "http://", "https://", "mailto:" };
    const char *url = cmark_node_get_url(node);
    for (size_t i = 0; url && i < sizeof schemes / sizeof *schemes; i++)
        if (strncasecmp(url, schemes[i], strlen(schemes[i])) == 0)
            return true;
    return false;
}

static bool is_never(cmark_node *node)
{
    (void)node;
    return false;
}

// clang-format off
static const struct {
    cmark_node_type type;
    bool (*fits)(cmark_node *node);
    const char *what;
} demands[] = {
    { CMARK_NODE_HTML_BLOCK,   is_never, "HTML" },
    { CMARK_NODE_HTML_INLINE,  is_never, "HTML" },
    { CMARK_NODE_IMAGE,        is_never, "an image" },
    { CMARK_NODE_HEADING,      is_never, "a heading: an entry has its title alone" },
    { CMARK_NODE_LINK,         is_safe_link, "a link that is none of http, https and mailto" },
    { CMARK_NODE_LINK,         is_free_of_controls, "a control character" },
    { CMARK_NODE_TEXT,         is_free_of_controls, "a control character" },
    { CMARK_NODE_CODE,         is_free_of_controls, "a control character" },
    { CMARK_NODE_CODE_BLOCK,   is_free_of_controls, "a control character" },
};
// clang-format on

/* NULL: nothing. */
static const char *refused(cmark_node *node)
{
    for (size_t i = 0; i < sizeof demands / sizeof *demands; i++)
        if (cmark_node_get_type(node) == demands[i].type && !demands[i].fits(node))
            return demands[i].what;
    return NULL;
}

/* What has no line of its own begins where what it is in begins. */
static int line_of(cmark_node *node)
{
    while (node && cmark_node_get_start_line(node) == 0)
        node = cmark_node_parent(node);
    return node ? cmark_node_get_start_line(node) : 1;
}

bool markdown_check(struct bytes text, int *line, struct fault *f)
{
    AUTO(cmark_node) document = parsed(text);
    AUTO(cmark_iter) iter = cmark_iter_new(document);
    for (cmark_event_type e; (e = cmark_iter_next(iter)) != CMARK_EVENT_DONE;) {
        cmark_node *node = cmark_iter_get_node(iter);
        const char *what = e == CMARK_EVENT_ENTER ? refused(node) : NULL;
        if (what) {
            *line = line_of(node);
            return fault_set(f, FAULT_INVALID, NULL, "has %s", what);
        }
    }
    return true;
}

static void disarm(cmark_node *node)
{
    cmark_node_type type = cmark_node_get_type(node);
    if ((type == CMARK_NODE_LINK || type == CMARK_NODE_IMAGE) && !is_safe_link(node))
        cmark_node_set_url(node, "");
}

void markdown_html(struct text *out, struct bytes text)
{
    AUTO(cmark_node) document = parsed(text);
    AUTO(cmark_iter) iter = cmark_iter_new(document);
    for (cmark_event_type e; (e = cmark_iter_next(iter)) != CMARK_EVENT_DONE;)
        if (e == CMARK_EVENT_ENTER)
            disarm(cmark_iter_get_node(iter));
    char *html = cmark_render_html(document, OPTIONS);
    text_add(out, html);
    free(html);
}
