/* order_validation - the service OrderValidations: what has been validated for an order. */
#ifndef API_ORDER_VALIDATION_H
#define API_ORDER_VALIDATION_H

#include "order_validation.pb-c.h"
#include "route.h"

extern OrderValidations_Service order_validations_service;
extern const struct route order_validation_routes[];

#endif
