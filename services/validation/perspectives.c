#include "perspectives.h"

#include <stdio.h>
#include <string.h>

#include "bus/curve_keys.h"

/* The five that there are (BR 1.6.1, Regional Internet Registry). */
static const char *const regions[] = { "AFRINIC", "APNIC", "ARIN", "LACNIC", "RIPE" };

static bool is_region(const char *text)
{
    for (size_t i = 0; i < sizeof regions / sizeof *regions; i++)
        if (strcmp(regions[i], text) == 0)
            return true;
    return false;
}

bool perspective_id_fits(const char *id)
{
    size_t length = strlen(id);

    return length > 0 && length < PERSPECTIVE_ID_SIZE && *id != '-' && id[length - 1] != '-' &&
           strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-") == length;
}

static bool has(const struct perspectives *all, const char *id)
{
    for (size_t i = 0; i < all->count; i++)
        if (strcmp(all->all[i].id, id) == 0)
            return true;
    return false;
}

static bool refuse(const char *word, const char *why, struct fault *f)
{
    return fault_set(f, FAULT_INVALID, "PERSPECTIVES", "%.60s %s", word, why);
}

/* One word of the setting, taken apart. */
static bool put(struct perspectives *out, const char *word, const char *id, const char *region,
                const char *place, struct fault *f)
{
    struct perspective *p = &out->all[out->count];

    if (!perspective_id_fits(id))
        return refuse(word, "has no name of 1 to 17 letters a-z, digits and '-'", f);
    if (has(out, id))
        return refuse(word, "names a perspective twice", f);
    if (!is_region(region))
        return refuse(word, "is in no region: AFRINIC, APNIC, ARIN, LACNIC and RIPE are", f);
    if (!place_read(place, &p->place))
        return refuse(word, "has no place such as 50.11,8.68: degrees north and east", f);
    snprintf(p->id, sizeof p->id, "%.*s", PERSPECTIVE_ID_SIZE - 1, id);
    snprintf(p->service, sizeof p->service, PERSPECTIVE_SERVICE "%.*s", PERSPECTIVE_ID_SIZE - 1,
             id);
    snprintf(p->region, sizeof p->region, "%s", region);
    out->count++;
    return true;
}

static bool word_read(struct perspectives *out, const char *word, struct fault *f)
{
    char text[96];
    char *region, *place;

    if (out->count == PERSPECTIVES_MAX)
        return refuse(word, "is one too many: 16 are the most", f);
    if (snprintf(text, sizeof text, "%s", word) >= (int)sizeof text ||
        !(region = strchr(text, '=')) || !(place = strchr(region, ',')))
        return refuse(word, "is not NAME=REGION,NORTH,EAST", f);
    *region++ = '\0';
    *place++ = '\0';
    return put(out, word, text, region, place, f);
}

bool perspectives_read(const char *text, struct perspectives *out, struct fault *f)
{
    char word[128];
    size_t length;

    for (out->count = 0; *(text += strspn(text, " ")); text += length) {
        length = strcspn(text, " ");
        snprintf(word, sizeof word, "%.*s", (int)length, text);
        if (!word_read(out, word, f))
            return false;
    }
    return true;
}

static bool is_peer(const char *service, const struct bus_peer *peers)
{
    while (peers->service && strcmp(peers->service, service) != 0)
        peers++;
    return peers->service != NULL;
}

bool perspectives_met(const struct perspectives *all, const struct bus_peer *peers,
                      const char *keys, struct fault *f)
{
    char read[PERSPECTIVES_MAX][KEYS_EACH][KEY_TEXT_SIZE];

    for (size_t i = 0; i < all->count; i++) {
        const char *service = all->all[i].service;

        if (!is_peer(service, peers))
            return fault_set(f, FAULT_INVALID, "BUS_PEERS", "does not say where %s answers",
                             service);
        if (!curve_keys_read_public(keys, service, read[i], f))
            return false;
        for (size_t k = 0; k < i; k++)
            if (strcmp(read[i][0], read[k][0]) == 0)
                return fault_set(f, FAULT_INVALID, "BUS_KEYS", "%s and %s have one key",
                                 all->all[k].service, service);
    }
    return true;
}
