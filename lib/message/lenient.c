#include "message/lenient.h"

#include <ctype.h>
#include <string.h>

static bool is_whole(const struct plan_field *field)
{
    return field->field->type <= PROTOBUF_C_TYPE_FIXED64;
}

static bool is_zero(const struct token *t)
{
    return t->length > 0 && strspn(t->text, t->kind == TOKEN_NUMBER ? "0." : "0") >= t->length;
}

static bool zero_counts(const struct plan_field *field)
{
    bool truth = field->field->type == PROTOBUF_C_TYPE_BOOL && !field->repeated;

    return truth || (field->form == FORM_ZERO_COUNTS && is_whole(field));
}

static bool empty_counts(const struct plan_field *field)
{
    return field->form == FORM_ZERO_COUNTS && field->field->type == PROTOBUF_C_TYPE_STRING;
}

/* "0" is a number where one is wanted, else a text. */
bool lenient_is_nothing(const struct plan_field *field, const struct token *token)
{
    bool text = token->kind == TOKEN_TEXT;

    if (text && token->length == 0)
        return !empty_counts(field);
    return is_zero(token) && (!text || is_whole(field)) && !zero_counts(field);
}

/* JSON has one kind of number (RFC 8259 section 6): 1.0 is 1. */
static void cut_fraction(struct token *t)
{
    const char *point = memchr(t->text, '.', t->length);
    size_t whole = point ? (size_t)(point - t->text) : t->length;

    if (point && strspn(point + 1, "0") >= t->length - whole - 1)
        t->length = whole;
}

static void lower(struct token *t)
{
    for (size_t i = 0; i < t->length; i++)
        t->text[i] = (char)tolower((unsigned char)t->text[i]);
}

static bool is_word(const struct token *t, const char *word)
{
    return t->length == strlen(word) && memcmp(t->text, word, t->length) == 0;
}

/* The words lie in the reader's own copy. */
static void flag_digit(struct token *t)
{
    bool yes = is_word(t, "true");

    if (!yes && !is_word(t, "false"))
        return;
    t->kind = TOKEN_NUMBER;
    t->text[0] = yes ? '1' : '0';
    t->length = 1;
}

void lenient_respell(const struct plan_field *field, struct token *token)
{
    bool flag = field->form == FORM_FLAG, truth = field->field->type == PROTOBUF_C_TYPE_BOOL;

    if (token->kind == TOKEN_TEXT && (field->values || flag || truth))
        lower(token);
    if (token->kind == TOKEN_NUMBER && (is_whole(field) || truth))
        cut_fraction(token);
    if (flag)
        flag_digit(token);
}

bool lenient_no_document(struct lexer *l)
{
    struct lexer ahead = *l;
    struct token token;
    bool none = *l->at == '[' ? lexer_take_empty(&ahead)
                              : *l->at != '{' && lexer_scalar(&ahead, &token) &&
                                    (token.kind == TOKEN_NULL ||
                                     (token.kind == TOKEN_TEXT && token.length == 0));

    if (none)
        *l = ahead;
    return none;
}
