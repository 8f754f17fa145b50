/* Instants as text and back: the proleptic Gregorian calendar of RFC 3339. */
#include "base/clock.h"

#include <ctype.h>

#define SECOND ((int64_t)1000000)
#define DAY    ((int64_t)86400)

/* 0000-01-01T00:00:00Z and 9999-12-31T23:59:59Z, all that RFC 3339 can say. */
#define FIRST_SECOND ((int64_t)-62167219200)
#define LAST_SECOND  ((int64_t)253402300799)

struct civil {
    int64_t year;
    unsigned month, day;
};

/* Both conversions count in years that begin on 1 March, so that the leap day is the last; see
 * Hinnant, "chrono-compatible low-level date algorithms". 719468 days separate 0000-03-01 from
 * 1970-01-01; an era is 400 years or 146097 days. */
static int64_t days_from_civil(struct civil c)
{
    int64_t year = c.month <= 2 ? c.year - 1 : c.year;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t month = c.month > 2 ? c.month - 3 : c.month + 9;
    int64_t day_of_year = (153 * month + 2) / 5 + c.day - 1;

    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
           719468;
}

static struct civil civil_from_days(int64_t day)
{
    int64_t shifted = day + 719468;
    int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int64_t n = shifted - era * 146097;
    int64_t year = (n - n / 1460 + n / 36524 - n / 146096) / 365;
    int64_t day_of_year = n - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * day_of_year + 2) / 153;
    struct civil c = { .day = (unsigned)(day_of_year - (153 * month + 2) / 5 + 1),
                       .month = (unsigned)(month < 10 ? month + 3 : month - 9) };

    c.year = year + era * 400 + (c.month <= 2);
    return c;
}

static char *put_digits(char *out, int64_t n, int count)
{
    for (int i = count; i-- > 0; n /= 10)
        out[i] = (char)('0' + n % 10);
    return out + count;
}

static char *put_date(char *out, int64_t second)
{
    struct civil c = civil_from_days((second - FIRST_SECOND) / DAY + FIRST_SECOND / DAY);

    out = put_digits(out, c.year, 4);
    *out++ = '-';
    out = put_digits(out, c.month, 2);
    *out++ = '-';
    return put_digits(out, c.day, 2);
}

struct instant instant_day(struct instant at)
{
    int64_t us = at.us % (DAY * SECOND);

    return (struct instant){ at.us - (us < 0 ? us + DAY * SECOND : us) };
}

/* 29 February of a common year is counted as the day after the 28th. */
struct instant instant_add_years(struct instant at, int years)
{
    struct instant day = instant_day(at);
    struct civil c = civil_from_days(day.us / (DAY * SECOND));

    c.year += years;
    return (struct instant){ days_from_civil(c) * DAY * SECOND + (at.us - day.us) };
}

/* What lies outside the years 0 to 9999 is written as the nearest that can be written. */
static int64_t whole_second(struct instant at)
{
    int64_t second = at.us / SECOND - (at.us % SECOND < 0);

    if (second < FIRST_SECOND)
        return FIRST_SECOND;
    return second > LAST_SECOND ? LAST_SECOND : second;
}

char *instant_text(struct instant at, char out[INSTANT_TEXT_SIZE])
{
    int64_t second = whole_second(at);
    int64_t of_day = (second - FIRST_SECOND) % DAY;
    char *p = put_date(out, second);

    *p++ = 'T';
    p = put_digits(p, of_day / 3600, 2);
    *p++ = ':';
    p = put_digits(p, of_day / 60 % 60, 2);
    *p++ = ':';
    p = put_digits(p, of_day % 60, 2);
    for (const char *zone = "+00:00"; *zone; zone++)
        *p++ = *zone;
    *p = '\0';
    return out;
}

char *instant_date(struct instant at, char out[INSTANT_TEXT_SIZE])
{
    *put_date(out, whole_second(at)) = '\0';
    return out;
}

/* Exactly `count` digits, a number from `least` to `most`. */
static bool take_number(const char **text, int count, unsigned least, unsigned most, unsigned *out)
{
    *out = 0;
    for (int i = 0; i < count; i++, (*text)++) {
        if (!isdigit((unsigned char)**text))
            return false;
        *out = *out * 10 + (unsigned)(**text - '0');
    }
    return *out >= least && *out <= most;
}

static bool take_char(const char **text, char c)
{
    if (**text != c)
        return false;
    (*text)++;
    return true;
}

static unsigned days_in_month(unsigned year, unsigned month)
{
    static const unsigned char plain[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return month == 2 && leap ? 29 : plain[month - 1];
}

static bool take_date(const char **text, int64_t *second)
{
    unsigned year, month, day;

    if (!take_number(text, 4, 0, 9999, &year) || !take_char(text, '-') ||
        !take_number(text, 2, 1, 12, &month) || !take_char(text, '-') ||
        !take_number(text, 2, 1, days_in_month(year, month), &day))
        return false;
    *second = days_from_civil((struct civil){ year, month, day }) * DAY;
    return true;
}

/* A leap second (":60") is refused: the instants of POSIX have none. */
static bool take_time(const char **text, int64_t *second)
{
    unsigned hour, minute, s;

    if (!take_number(text, 2, 0, 23, &hour) || !take_char(text, ':') ||
        !take_number(text, 2, 0, 59, &minute) || !take_char(text, ':') ||
        !take_number(text, 2, 0, 59, &s))
        return false;
    *second += ((int64_t)hour * 60 + minute) * 60 + s;
    return true;
}

/* Digits after the sixth are dropped. */
static bool take_fraction(const char **text, int64_t *us)
{
    *us = 0;
    if (!take_char(text, '.'))
        return true;
    if (!isdigit((unsigned char)**text))
        return false;
    for (int64_t unit = SECOND / 10; isdigit((unsigned char)**text); unit /= 10, (*text)++)
        *us += (**text - '0') * unit;
    return true;
}

static bool take_offset(const char **text, int64_t *second)
{
    unsigned hour, minute;

    if (**text == '\0' || take_char(text, 'Z') || take_char(text, 'z'))
        return true;
    bool east = **text == '+';
    if ((!east && **text != '-') || !(*text)++ || !take_number(text, 2, 0, 23, &hour) ||
        !take_char(text, ':') || !take_number(text, 2, 0, 59, &minute))
        return false;
    int64_t ahead = ((int64_t)hour * 60 + minute) * 60;
    *second += east ? -ahead : ahead;
    return true;
}

/* After the date: nothing, or a blank and a time, or 'T', a time, perhaps a fraction, an offset. */
static bool take_rest(const char **text, int64_t *second, int64_t *us)
{
    *us = 0;
    if (**text == '\0')
        return true;
    if (take_char(text, ' '))
        return take_time(text, second);
    return (take_char(text, 'T') || take_char(text, 't')) && take_time(text, second) &&
           take_fraction(text, us) && take_offset(text, second);
}

bool instant_read(const char *text, struct instant *out)
{
    int64_t second, us;

    if (!take_date(&text, &second) || !take_rest(&text, &second, &us) || *text != '\0')
        return false;
    if (second < FIRST_SECOND || second > LAST_SECOND)
        return false;
    out->us = second * SECOND + us;
    return true;
}
