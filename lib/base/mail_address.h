/* mail_address - is it an address to which mail can be sent? */
#ifndef BASE_MAIL_ADDRESS_H
#define BASE_MAIL_ADDRESS_H

#include <stdbool.h>

/* A Mailbox of RFC 5321 4.1.2 as people have them: a Dot-string of at most 64 characters, "@", and a
 * host name of two labels or more. No quoted strings, no address literals, ASCII only. */
bool mail_address_valid(const char *text);

#endif
