/* perspective - this program as another point of view (BR 3.2.2.9): it looks as the primary does, by the same
 * functions, from where it stands, and says what it sees. It has no database, keeps nothing and decides nothing;
 * only validation may ask it (policy/trust.json).
 */
#ifndef VALIDATION_PERSPECTIVE_H
#define VALIDATION_PERSPECTIVE_H

#include "service/service.h"

/* So that an answer is there in time for who asks. */
enum { PERSPECTIVE_MARGIN_MS = 250 };

/* Is it written as an authorization domain name is? An URL may be made of it. */
bool perspective_name_fits(const char *name);

extern const struct service perspective_role;

#endif
