/* whole - from a member to the struct that it stands in, for what is kept in a list, a heap or a queue by
 * one of its members. */
#ifndef BASE_WHOLE_H
#define BASE_WHOLE_H

#include <stddef.h>

// NOLINTNEXTLINE(bugprone-macro-parentheses): `type` is a type
#define WHOLE_OF(part, type, member) ((type *)(void *)((char *)(part)-offsetof(type, member)))

#endif
