#include "testing/ct_peer.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pki/pem.h"
#include "testing/child.h"
#include "testing/patience.h"

enum { LINE_SIZE = 512, ANSWER_SIZE = 512 };
static const char ca_tool[] = "tools/private-ca";
static const char program[] = BUILD_DIR "/tests/peers/ct_log";

/* ---- what they share */

static bool roots_write(const struct ct_peers *all, struct arena *a, struct bytes root)
{
    FILE *out = fopen(all->roots_file, "w");
    const char *pem = arena_format(
        a, "-----BEGIN CERTIFICATE-----\n%s\n-----END CERTIFICATE-----\n", base64_write(a, root));
    bool written = out && fputs(pem, out) >= 0;

    return out && fclose(out) == 0 && written;
}

static bool files_make(struct ct_peers *all, struct bytes root, struct fault *f)
{
    struct arena a;
    bool made;

    arena_init(&a);
    made = child_end(child_run((char *[]){ arena_strdup(&a, ca_tool), all->folder,
                                           arena_strdup(&a, all->address), NULL },
                               -1)) == 0 &&
           roots_write(all, &a, root);
    arena_free(&a);
    return made || fault_set(f, FAULT_UNAVAILABLE, NULL, "no files for logs in %s", all->folder);
}

bool ct_peers_open(struct ct_peers *all, const char *address, struct bytes root, struct fault *f)
{
    *all = (struct ct_peers){ .folder = "/tmp/chancery-logs-XXXXXX", .address = address };
    if (!mkdtemp(all->folder))
        return fault_set(f, FAULT_INTERNAL, NULL, "%s: %s", all->folder, strerror(errno));
    snprintf(all->ca_file, sizeof all->ca_file, "%s/ca.pem", all->folder);
    snprintf(all->roots_file, sizeof all->roots_file, "%s/roots.pem", all->folder);
    return files_make(all, root, f);
}

void ct_peers_close(struct ct_peers *all)
{
    if (all->folder[0])
        folder_remove(all->folder);
    *all = (struct ct_peers){ .address = NULL };
}

/* ---- one */

/* "ready https://127.1.2.3:34567 KEY" */
static bool line_read(struct ct_peer *p, struct arena *a, const char *line)
{
    char key[256], url[64];

    if (sscanf(line, "ready %63s %255s", url, key) != 2 ||
        !base64_read(a, key, strlen(key), &p->key))
        return false;
    snprintf(p->url, sizeof p->url, "%s/", url);
    digest_sha256(p->key, p->id);
    return true;
}

bool ct_peer_start(struct ct_peer *p, const struct ct_peers *all, struct arena *a, const char *name,
                   struct fault *f)
{
    char *argv[] = { arena_strdup(a, program),
                     arena_format(a, "--listen=%s:0", all->address),
                     arena_format(a, "--cert=%s/server.pem", all->folder),
                     arena_format(a, "--key=%s/server.key", all->folder),
                     arena_format(a, "--signer=%s/%s.pem", all->folder, name),
                     arena_format(a, "--roots=%s", all->roots_file),
                     NULL };
    char line[LINE_SIZE] = "";

    *p = (struct ct_peer){ .ca_file = all->ca_file };
    p->pid = child_run_ready(argv, line, sizeof line);
    return line_read(p, a, line) ||
           fault_set(f, FAULT_UNAVAILABLE, NULL, "%s does not get ready", program);
}

void ct_peer_stop(struct ct_peer *p)
{
    child_kill(p->pid);
    p->pid = 0;
}

/* ---- what it is told */

struct answer {
    char text[ANSWER_SIZE];
    size_t size;
};

static size_t answer_add(const char *bytes, size_t one, size_t size, void *data)
{
    struct answer *to = data;

    (void)one;
    if (to->size + size >= sizeof to->text)
        return 0;
    memcpy(to->text + to->size, bytes, size);
    to->size += size;
    return size;
}

static bool call(const struct ct_peer *p, const char *path, bool post, struct answer *out)
{
    CURL *easy = curl_easy_init();
    char url[256];
    CURLcode code;

    snprintf(url, sizeof url, "%s%s", p->url, path);
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_CAINFO, p->ca_file);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_FAILONERROR, 1L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT, (long)PATIENCE_S);
    if (post)
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, "");
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, answer_add);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, out);
    code = curl_easy_perform(easy);
    curl_easy_cleanup(easy);
    return code == CURLE_OK;
}

bool ct_peer_behave(const struct ct_peer *p, const char *manner)
{
    struct answer answer = { .size = 0 };
    char path[64];

    snprintf(path, sizeof path, "control/%s", manner);
    return call(p, path, true, &answer);
}

int64_t ct_peer_number(const struct ct_peer *p, const char *of)
{
    struct answer answer = { .size = 0 };
    char name[32];
    const char *at;

    if (!call(p, "control", false, &answer))
        return -1;
    snprintf(name, sizeof name, "\"%s\":", of);
    at = strstr(answer.text, name);
    return at ? strtoll(at + strlen(name), NULL, 10) : -1;
}
