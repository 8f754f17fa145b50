/* A PKCS#11 module for tests: SoftHSM with moods. The file that MOODY_CONTROL names holds lines of
 *
 *     C_Sign hang        blocks until the line is gone
 *     C_Sign 0x30        fails with this value
 *     C_Sign once 0xb3   fails once, then the file is empty
 *     C_Sign corrupt     signs, but the signature is wrong
 *     hide 0x1           leaves this mechanism out of the list
 *
 * and is read anew by every call of C_Sign, C_Login and C_GetMechanismList.
 */
#include <dlfcn.h>
#include <p11-kit-1/p11-kit/pkcs11.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static CK_FUNCTION_LIST *real;
static CK_FUNCTION_LIST ours;

/* What the control file says about `call`; "" when nothing. */
static void mood_read(const char *call, char out[32])
{
    const char *path = getenv("MOODY_CONTROL");
    FILE *control = path ? fopen(path, "r") : NULL;
    char line[80], name[40], mood[32];

    out[0] = '\0';
    while (control && fgets(line, sizeof line, control))
        if (sscanf(line, "%39s %31[^\n]", name, mood) == 2 && strcmp(name, call) == 0)
            memcpy(out, mood, sizeof mood);
    if (control)
        fclose(control);
}

static CK_RV mood_of(const char *call)
{
    const struct timespec moment = { 0, 2000000 };
    char mood[32];

    for (mood_read(call, mood); strcmp(mood, "hang") == 0; mood_read(call, mood))
        nanosleep(&moment, NULL);
    if (strncmp(mood, "once ", 5) == 0) {
        FILE *control = fopen(getenv("MOODY_CONTROL"), "w");
        if (control)
            fclose(control);
        return strtoul(mood + 5, NULL, 0);
    }
    return strtoul(mood, NULL, 0);
}

static CK_RV moody_sign(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG size, CK_BYTE *signature,
                        CK_ULONG *signature_size)
{
    CK_RV rv = mood_of("C_Sign");
    char mood[32];

    if (!rv)
        rv = real->C_Sign(session, data, size, signature, signature_size);
    mood_read("C_Sign", mood);
    if (!rv && signature && *signature_size && strcmp(mood, "corrupt") == 0)
        signature[*signature_size / 4] ^= 1;
    return rv;
}

static CK_RV moody_login(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_UTF8CHAR *pin,
                         CK_ULONG size)
{
    CK_RV rv = mood_of("C_Login");

    return rv ? rv : real->C_Login(session, user, pin, size);
}

static CK_RV moody_mechanisms(CK_SLOT_ID slot, CK_MECHANISM_TYPE *list, CK_ULONG *count)
{
    CK_RV rv = real->C_GetMechanismList(slot, list, count);
    char hidden[32];

    mood_read("hide", hidden);
    for (CK_ULONG i = 0; list && hidden[0] && i < *count; i++)
        if (list[i] == strtoul(hidden, NULL, 0))
            list[i] = CKM_VENDOR_DEFINED;
    return rv;
}

CK_RV C_GetFunctionList(CK_FUNCTION_LIST **list)
{
    void *module = dlopen("/usr/lib/softhsm/libsofthsm2.so", RTLD_NOW | RTLD_LOCAL);
    CK_C_GetFunctionList get = NULL;

    if (module)
        *(void **)&get = dlsym(module, "C_GetFunctionList");
    if (!get || get(&real) != CKR_OK)
        return CKR_GENERAL_ERROR;
    ours = *real;
    ours.C_Sign = moody_sign;
    ours.C_Login = moody_login;
    ours.C_GetMechanismList = moody_mechanisms;
    *list = &ours;
    return CKR_OK;
}
