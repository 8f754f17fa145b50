#include "look/witness.h"

#include <ctype.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* A question has one place, by its hash: of two that meet there the later is known. */
enum { PLACES = 1024, QUESTION_SIZE = 320 };

struct place {
    char question[QUESTION_SIZE]; /* "www.example.com. TXT" */
    char address[WITNESS_ADDRESS_SIZE];
    struct tick at;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct place places[PLACES];

/* Who writes the one line writes the other. */
static _Thread_local char question[QUESTION_SIZE];

/* FNV-1a, of lower case. */
static struct place *place_of(const char *text)
{
    uint32_t hash = 2166136261u;

    for (; *text; text++)
        hash = (hash ^ (uint32_t)tolower((unsigned char)*text)) * 16777619u;
    return &places[hash % PLACES];
}

static void answered(const char *address, size_t length)
{
    struct place *p = place_of(question);

    pthread_mutex_lock(&lock);
    memcpy(p->question, question, sizeof question);
    snprintf(p->address, sizeof p->address, "%.*s", (int)length, address);
    p->at = tick_now();
    pthread_mutex_unlock(&lock);
}

/* "NAME TYPE IN": what is longer than any name is not kept. */
static void question_read(const char *text)
{
    const char *end = strstr(text, " IN");
    size_t length = end ? (size_t)(end - text) : 0;

    question[0] = '\0';
    if (length > 0 && length < sizeof question)
        snprintf(question, sizeof question, "%.*s", (int)length, text);
}

/* "<ZONE> ADDRESS#PORT". A zone's name is the customer's, and ends at the last "> ". */
static void reply_read(const char *text)
{
    const char *address = NULL;
    size_t length;

    for (const char *at = text; (at = strstr(at, "> ")); at += strlen("> "))
        address = at + strlen("> ");
    length = address ? strcspn(address, "#") : 0;
    if (question[0] && length > 0 && length < WITNESS_ADDRESS_SIZE)
        answered(address, length);
}

bool witness_line(const char *line)
{
    static const struct {
        const char *mark;
        void (*read)(const char *text);
    } marks[] = { { "info: response for ", question_read }, { "info: reply from ", reply_read } };

    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        const char *at = strstr(line, marks[i].mark);

        if (!at)
            continue;
        marks[i].read(at + strlen(marks[i].mark));
        return true;
    }
    return false;
}

bool witness_find(const char *name, const char *type, struct tick since,
                  char address[WITNESS_ADDRESS_SIZE])
{
    char wanted[QUESTION_SIZE];
    struct place *p;
    bool known;

    if (snprintf(wanted, sizeof wanted, "%s. %s", name, type) >= (int)sizeof wanted)
        return false;
    p = place_of(wanted);
    pthread_mutex_lock(&lock);
    known = strcasecmp(p->question, wanted) == 0 && p->at.us >= since.us;
    if (known)
        memcpy(address, p->address, sizeof p->address);
    pthread_mutex_unlock(&lock);
    return known;
}
