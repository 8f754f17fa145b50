/* notes - the service Notes: what people write down about an order. */
#ifndef API_NOTES_H
#define API_NOTES_H

#include "note.pb-c.h"
#include "route.h"

extern Notes_Service notes_service;
extern const struct route note_routes[];

#endif
