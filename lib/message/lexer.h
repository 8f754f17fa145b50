/* lexer - the tokens of a JSON text (RFC 8259), unescaped in place.
 *
 * The text is the reader's own copy. LEXER_PADDING zero bytes follow it, so that the end needs no
 * test of its own: no token goes on at a zero byte.
 */
#ifndef MESSAGE_LEXER_H
#define MESSAGE_LEXER_H

#include <stdbool.h>
#include <stddef.h>

enum { LEXER_PADDING = 16 };

/* Kinds of values that are no object and no list; bits, so that a set of them fits an unsigned. */
enum token_kind { TOKEN_TEXT = 1, TOKEN_NUMBER = 2, TOKEN_BOOL = 4, TOKEN_NULL = 8 };

struct token {
    enum token_kind kind;
    char *text; /* of TOKEN_TEXT unescaped, and a NUL follows; else as it stands */
    size_t length;
    bool has_nul; /* a NUL character is among the text */
};

struct lexer {
    char *at;       /* after a failure: where it is, of a string the byte or escape in it */
    bool in_string; /* a string has failed */
};

void lexer_space(struct lexer *l);

/* `c` after white space? If not, nothing is consumed. */
bool lexer_take(struct lexer *l, char c);

/* U+FEFF, if it stands there; what RFC 8259 section 8.1 lets a reader pass over at the beginning. */
void lexer_byte_order_mark(struct lexer *l);

/* {} or [], after white space? If not, nothing is consumed. */
bool lexer_take_empty(struct lexer *l);

/* The caller has seen the quote that begins it, after white space. */
bool lexer_string(struct lexer *l, struct token *out);

/* A string, number, true, false or null; white space before it has been consumed. */
bool lexer_scalar(struct lexer *l, struct token *out);

/* Is the whole text one JSON number? */
bool number_is_json(const char *text, size_t length);

/* How many of the `size` bytes at `s` come before the first special one: a control character, a
 * quote, a backslash, or part of a character that is not ASCII. */
size_t special_span(const char *s, size_t size);

#endif
