#include "place.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EARTH_KM 6371.0

/* Digits, a sign and a dot: strtod() would take "nan", "0x1p3" and white space. */
static bool degrees_read(const char **text, double most, char end, double *out)
{
    size_t length = strspn(*text, "+-.0123456789");
    char *rest;

    *out = strtod(*text, &rest);
    if (length == 0 || rest != *text + length || *rest != end)
        return false;
    *text = rest + (end != '\0');
    return *out >= -most && *out <= most;
}

bool place_read(const char *text, struct place *out)
{
    return degrees_read(&text, 90, ',', &out->north) && degrees_read(&text, 180, '\0', &out->east);
}

void place_write(struct place p, char out[PLACE_TEXT_SIZE])
{
    snprintf(out, PLACE_TEXT_SIZE, "%.4f,%.4f", p.north, p.east);
}

static double radians(double degrees)
{
    return degrees * acos(-1) / 180;
}

/* The chord, by the haversine of the angle between the two. */
double place_apart_km(struct place a, struct place b)
{
    double north = sin(radians(b.north - a.north) / 2), east = sin(radians(b.east - a.east) / 2);

    return 2 * EARTH_KM *
           sqrt(north * north + cos(radians(a.north)) * cos(radians(b.north)) * east * east);
}
