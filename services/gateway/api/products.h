/* products - the service Products: the catalogue as customers see it. */
#ifndef API_PRODUCTS_H
#define API_PRODUCTS_H

#include "product.pb-c.h"
#include "route.h"

extern Products_Service products_service;
extern const struct route product_routes[];

#endif
