/* Feeds files, or all files of folders, to a fuzz target: its corpus as an ordinary test. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t replayed;

static int failed(const char *path)
{
    perror(path);
    return 1;
}

static int replay_open(const char *path, FILE *file, size_t size)
{
    uint8_t *data = malloc(size ? size : 1);
    int status = 0;

    if (!data || fread(data, 1, size, file) != size)
        status = failed(path);
    else
        LLVMFuzzerTestOneInput(data, size);
    free(data);
    replayed++;
    return status;
}

static int replay_file(const char *path, size_t size)
{
    FILE *file = fopen(path, "rb");

    if (!file)
        return failed(path);
    int status = replay_open(path, file, size);
    fclose(file);
    return status;
}

static int replay(const char *path);

static int replay_folder(const char *folder)
{
    struct dirent **entries;
    char path[4096];
    int status = 0, count = scandir(folder, &entries, NULL, alphasort);

    if (count < 0)
        return failed(folder);
    for (int i = 0; i < count; i++) {
        if (entries[i]->d_name[0] != '.') {
            snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
            status |= replay(path);
        }
        free(entries[i]);
    }
    free(entries);
    return status;
}

static int replay(const char *path)
{
    struct stat st;

    if (stat(path, &st) != 0)
        return failed(path);
    return S_ISDIR(st.st_mode) ? replay_folder(path) : replay_file(path, (size_t)st.st_size);
}

int main(int argc, char **argv)
{
    int status = 0;

    for (int i = 1; i < argc; i++)
        status |= replay(argv[i]);
    printf("%s: %zu inputs\n", argv[0], replayed);
    return status || replayed == 0;
}
