#include "service/metrics.h"

#include <assert.h>
#include <inttypes.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

enum kind { COUNTER_KIND, GAUGE_KIND, HISTOGRAM_KIND, SIZES_KIND };

static const struct {
    enum kind kind;
    bool late;
    const char *name, *label, *labels, *help;
} rows[] = {
#define METRIC(kind, late, id, name, label, labels, help)                                          \
    { kind, late, "chancery_" name, label, labels, help },
#include "service/metrics.def"
#undef METRIC
};

static const struct {
    int64_t us;
    const char *text;
} bounds[] = {
    { 500, "0.0005" },  { 1000, "0.001" },  { 2500, "0.0025" }, { 5000, "0.005" },
    { 10000, "0.01" },  { 25000, "0.025" }, { 50000, "0.05" },  { 100000, "0.1" },
    { 250000, "0.25" }, { 500000, "0.5" },  { 1000000, "1" },   { 2500000, "2.5" },
    { 5000000, "5" },   { 10000000, "10" }, { 30000000, "30" }, { INT64_MAX, "+Inf" },
};
enum { BOUNDS = sizeof bounds / sizeof *bounds, ASKED_MAX = 8 };

static const struct {
    int items;
    const char *text;
} size_bounds[] = { { 1, "1" },   { 2, "2" },   { 4, "4" },         { 8, "8" },
                    { 16, "16" }, { 32, "32" }, { INT_MAX, "+Inf" } };
enum { SIZE_BOUNDS = sizeof size_bounds / sizeof *size_bounds };

static struct {
    _Atomic int64_t value; /* of a histogram: the sum in microseconds */
    atomic_bool touched;
    _Atomic int64_t buckets[BOUNDS]; /* each counts what lies above the bound before it */
} cells[METRIC_COUNT];

/* Of all families, in the order of their first use; none is removed. Whoever is counted in `count`
 * is complete, so that readers need no lock. */
struct member {
    enum metric metric;
    char value[METRIC_VALUE_SIZE];
    _Atomic int64_t n;
};
static struct {
    pthread_mutex_t lock; /* of who adds one */
    atomic_int count;
    struct member all[METRIC_MEMBERS];
} members = { .lock = PTHREAD_MUTEX_INITIALIZER };

static struct {
    pthread_mutex_t lock;
    int count;
    struct {
        void (*refresh)(void *context);
        void *context;
    } all[ASKED_MAX];
} asked = { .lock = PTHREAD_MUTEX_INITIALIZER };

void metrics_ask(void (*refresh)(void *context), void *context)
{
    pthread_mutex_lock(&asked.lock);
    assert(asked.count < ASKED_MAX);
    asked.all[asked.count].refresh = refresh;
    asked.all[asked.count++].context = context;
    pthread_mutex_unlock(&asked.lock);
}

void metrics_ask_nobody(void)
{
    pthread_mutex_lock(&asked.lock);
    asked.count = 0;
    pthread_mutex_unlock(&asked.lock);
}

static void ask(void)
{
    pthread_mutex_lock(&asked.lock);
    for (int i = 0; i < asked.count; i++)
        asked.all[i].refresh(asked.all[i].context);
    pthread_mutex_unlock(&asked.lock);
}

static struct owner {
    void (*write)(void *context, const char *name, struct text *out);
    void *context;
} owners[METRIC_COUNT]; /* under the lock of those who are asked */

static void touch(enum metric m)
{
    atomic_store_explicit(&cells[m].touched, true, memory_order_relaxed);
}

void metric_add(enum metric m, int64_t n)
{
    assert(rows[m].kind < HISTOGRAM_KIND && !rows[m].label);
    atomic_fetch_add_explicit(&cells[m].value, n, memory_order_relaxed);
    touch(m);
}

void metric_set(enum metric m, int64_t value)
{
    assert(rows[m].kind == GAUGE_KIND && !rows[m].label);
    atomic_store_explicit(&cells[m].value, value, memory_order_relaxed);
    touch(m);
}

void metric_show(enum metric m)
{
    touch(m);
}

void metric_forget(enum metric m)
{
    assert(rows[m].kind == GAUGE_KIND && rows[m].late);
    atomic_store_explicit(&cells[m].touched, false, memory_order_relaxed);
}

void metric_own(enum metric m, void (*write)(void *context, const char *name, struct text *out),
                void *context)
{
    assert(rows[m].late && rows[m].kind < HISTOGRAM_KIND && !rows[m].label);
    pthread_mutex_lock(&asked.lock);
    owners[m] = (struct owner){ write, context };
    atomic_store_explicit(&cells[m].touched, write != NULL, memory_order_relaxed);
    pthread_mutex_unlock(&asked.lock);
}

/* ---- families */

static struct member *member_known(enum metric m, const char *value)
{
    int count = atomic_load_explicit(&members.count, memory_order_acquire);
    for (struct member *at = members.all; at < members.all + count; at++)
        if (at->metric == m && strcmp(at->value, value) == 0)
            return at;
    return NULL;
}

/* NULL: there is no room. */
static struct member *member_of(enum metric m, const char *value)
{
    struct member *at = member_known(m, value);
    if (at)
        return at;
    pthread_mutex_lock(&members.lock);
    at = member_known(m, value);
    int count = atomic_load(&members.count);
    if (!at && count < METRIC_MEMBERS && strlen(value) < METRIC_VALUE_SIZE) {
        at = &members.all[count];
        at->metric = m;
        memcpy(at->value, value, strlen(value) + 1);
        atomic_store_explicit(&members.count, count + 1, memory_order_release);
    }
    pthread_mutex_unlock(&members.lock);
    return at;
}

void metric_add_of(enum metric m, const char *value, int64_t n)
{
    assert(rows[m].label);
    struct member *at = member_of(m, value);
    if (at)
        atomic_fetch_add_explicit(&at->n, n, memory_order_relaxed);
    touch(m);
}

void metric_set_of(enum metric m, const char *value, int64_t n)
{
    assert(rows[m].label && rows[m].kind == GAUGE_KIND);
    struct member *at = member_of(m, value);
    if (at)
        atomic_store_explicit(&at->n, n, memory_order_relaxed);
    touch(m);
}

/* ---- histograms */

void metric_observe(enum metric m, struct duration d)
{
    size_t i = 0;
    assert(rows[m].kind == HISTOGRAM_KIND);
    while (d.us > bounds[i].us)
        i++;
    atomic_fetch_add_explicit(&cells[m].value, d.us, memory_order_relaxed);
    atomic_fetch_add_explicit(&cells[m].buckets[i], 1, memory_order_relaxed);
    touch(m);
}

void metric_sizes(enum metric m, const uint64_t sizes[METRIC_SIZES])
{
    int64_t buckets[SIZE_BOUNDS] = { 0 }, sum = 0;
    assert(rows[m].kind == SIZES_KIND);
    for (int n = 1, i = 0; n < METRIC_SIZES; n++) {
        while (n > size_bounds[i].items)
            i++;
        buckets[i] += (int64_t)sizes[n];
        sum += n * (int64_t)sizes[n];
    }
    atomic_store_explicit(&cells[m].value, sum, memory_order_relaxed);
    for (size_t i = 0; i < SIZE_BOUNDS; i++)
        atomic_store_explicit(&cells[m].buckets[i], buckets[i], memory_order_relaxed);
}

static int64_t bucket(enum metric m, size_t i)
{
    return atomic_load_explicit(&cells[m].buckets[i], memory_order_relaxed);
}

int64_t metric_get(enum metric m)
{
    int64_t count = 0;
    if (rows[m].kind != HISTOGRAM_KIND && rows[m].kind != SIZES_KIND)
        return atomic_load_explicit(&cells[m].value, memory_order_relaxed);
    for (size_t i = 0; i < BOUNDS; i++)
        count += bucket(m, i);
    return count;
}

static void write_buckets(enum metric m, struct text *out)
{
    const char *labels = rows[m].labels, *comma = *labels ? "," : "";
    bool sizes = rows[m].kind == SIZES_KIND;
    int64_t count = 0;
    for (size_t i = 0; i < (sizes ? (size_t)SIZE_BOUNDS : (size_t)BOUNDS); i++) {
        count += bucket(m, i);
        text_format(out, "%s_bucket{%s%sle=\"%s\"} %" PRId64 "\n", rows[m].name, labels, comma,
                    sizes ? size_bounds[i].text : bounds[i].text, count);
    }
}

static void write_histogram(enum metric m, struct text *out)
{
    const char *labels = rows[m].labels;
    const char *open = *labels ? "{" : "", *close = *labels ? "}" : "";
    int64_t sum = atomic_load_explicit(&cells[m].value, memory_order_relaxed);
    write_buckets(m, out);
    text_format(out, "%s_sum%s%s%s ", rows[m].name, open, labels, close);
    if (rows[m].kind == SIZES_KIND)
        text_format(out, "%" PRId64 "\n", sum);
    else
        text_format(out, "%" PRId64 ".%06" PRId64 "\n", sum / 1000000, sum % 1000000);
    text_format(out, "%s_count%s%s%s %" PRId64 "\n", rows[m].name, open, labels, close,
                metric_get(m));
}

static void write_value(enum metric m, struct text *out)
{
    const char *labels = rows[m].labels;
    text_format(out, "%s%s%s%s %" PRId64 "\n", rows[m].name, *labels ? "{" : "", labels,
                *labels ? "}" : "", metric_get(m));
}

static void write_family(enum metric m, struct text *out)
{
    const char *labels = rows[m].labels;
    int count = atomic_load_explicit(&members.count, memory_order_acquire);
    for (struct member *at = members.all; at < members.all + count; at++)
        if (at->metric == m)
            text_format(out, "%s{%s=\"%s\"%s%s} %" PRId64 "\n", rows[m].name, rows[m].label,
                        at->value, *labels ? "," : "", labels,
                        atomic_load_explicit(&at->n, memory_order_relaxed));
}

static bool write_owned(enum metric m, struct text *out)
{
    pthread_mutex_lock(&asked.lock);
    bool owned = owners[m].write != NULL;
    if (owned)
        owners[m].write(owners[m].context, rows[m].name, out);
    pthread_mutex_unlock(&asked.lock);
    return owned;
}

static void write_row(enum metric m, struct text *out)
{
    if (write_owned(m, out))
        return;
    if (rows[m].kind >= HISTOGRAM_KIND)
        write_histogram(m, out);
    else if (rows[m].label)
        write_family(m, out);
    else
        write_value(m, out);
}

static bool is_shown(enum metric m)
{
    return !rows[m].late || atomic_load_explicit(&cells[m].touched, memory_order_relaxed);
}

/* The help and type of a name stand before the first row that is shown. */
void metrics_write(struct text *out)
{
    static const char *const kinds[] = { "counter", "gauge", "histogram", "histogram" };
    const char *name = "", *help = "";
    bool titled = false;
    ask();
    for (enum metric m = 0; m < METRIC_COUNT; m++) {
        if (strcmp(rows[m].name, name) != 0) {
            name = rows[m].name;
            help = rows[m].help;
            titled = false;
        }
        if (!is_shown(m))
            continue;
        if (!titled)
            text_format(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kinds[rows[m].kind]);
        titled = true;
        write_row(m, out);
    }
}
