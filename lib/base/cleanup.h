/* cleanup - foreign objects that free themselves when their variable leaves its scope.
 *
 *     AUTO(EVP_PKEY) key = key_read(...);      freed on every return
 *     return move(key);                        unless it is handed on
 *
 * A module declares what frees a type once: AUTO_FREE(EVP_PKEY, EVP_PKEY_free).
 */
#ifndef BASE_CLEANUP_H
#define BASE_CLEANUP_H

#define AUTO_FREE(type, release)                                                                   \
    static inline void auto_free_##type(type **p)                                                  \
    {                                                                                              \
        if (*p)                                                                                    \
            release(*p);                                                                           \
    }                                                                                              \
    _Static_assert(sizeof(type *), "type")

#define AUTO(type) __attribute__((cleanup(auto_free_##type))) type *

#define move(p)                                                                                    \
    __extension__({                                                                                \
        __auto_type moved_ = (p);                                                                  \
        (p) = NULL;                                                                                \
        moved_;                                                                                    \
    })

#endif
