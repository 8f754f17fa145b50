/* trip_rows - what trips.h makes certificates of: good ones, and for each lint what is changed in one. */
#ifndef LINTS_TRIP_ROWS_H
#define LINTS_TRIP_ROWS_H

// clang-format off

/* Words with a $, as values of trip_text.h. */
static const struct {
    const char *name, *value;
} trip_constants[] = {
    { "issuer", "seq{rdn:C printable'XX' rdn:O utf8'Trip' rdn:CN utf8'Trip CA'}" },
    { "keyid",  "#f98c2eb9cd290544394d73ce1ffabbd773580f16" },
    { "ca",     "#3059301306072a8648ce3d020106082a8648ce3d03010703420004"
                 "a21ef9b436c5749af6f70073ceb4d83edec7ac8e229658a35e34f9e4abc4b3af"
                 "11b051650fb51692c8562a5c6e39946739f08e5a06ee852454d289bb2448a0e0" },
    { "rsa",    "rsa:2048,65537" },
    { "spki",   "#3059301306072a8648ce3d020106082a8648ce3d03010703420004"
                 "68952727392d0b0e4bfa5f99ea793ea2b122b701763acda1db45b1ca8d8de413"
                 "7db3c718af482d0d89015dc345a99188c397e6826f1fb68e671f76e8f474ef6a" },
    { "other",  "#3059301306072a8648ce3d020106082a8648ce3d03010703420004"
                 "4389e08fc96d497c9244893bc2684077e9ac805ea275f382de96482139299785"
                 "184d41b87c2c23ff2b1dfcbbe1b34c37d85c5af4d384c9b5cdc50a1db416f773" },
    { "san",    "[2]'a.example.com' [2]'*.example.com'" },
    { "cn",     "rdn:CN utf8'a.example.com'" },
    { "crl",    "[6]'http://s.example/crl/trip/0.crl'" },
};

/* `like`: begins as that one. The serial's last four octets are those of shard 0. */
static const struct {
    const char *profile, *like, *changes;
} trip_goods[] = {
    { "tls-dv", NULL,
      "version [0]{int:2};"
      "serial int#0193a1b2c3d4e59f8e7d6c5b4a39281700;"
      "algorithm seq{oid:ecdsa256};"
      "issuer $issuer;"
      "validity seq{time:-1h time:-1h+46d-1s};"
      "subject seq{$cn};"
      "spki $spki;"
      "+KU critical bits#0780;"
      "+EKU seq{oid:serverAuth};"
      "+BC critical seq{};"
      "+POL seq{seq{oid:dv}};"
      "+AKI seq{[0]$keyid};"
      "+AIA seq{seq{oid:ocsp [6]'http://s.example/ocsp/trip'} seq{oid:caIssuers [6]'http://s.example/ca/trip.crt'}};"
      "+CRLDP seq{seq{[0]{[0]{$crl}}}};"
      "+SAN seq{$san}" },
    { "tls-private", "tls-dv",
      "-POL; +SKI octets{#0102030405060708090a0b0c0d0e0f1011121314}" },
};

static const struct {
    const char *lint, *profile, *changes;
} trip_rows[] = {
    { "version_v3",      "tls-dv", "version [0]{int:1}" },
    { "no_unique_ids",   "tls-dv", "unique [1]#0001" },
    { "serial_positive", "tls-dv", "serial int#8193a1b2c3d4e59f8e7d6c5b4a39281700" },
    { "serial_length",   "tls-dv", "serial int#0193a1b2c3d4e59f8e7d6c5b4a3928171122334400" },
    { "serial_entropy",  "tls-dv", "serial int#0193a1b2c3d4e59f28170000" },
    { "signature_exact", "tls-dv", "algorithm seq{oid:ecdsa384}" },
    { "issuer_exact",    "tls-dv", "issuer seq{rdn:C printable'XX' rdn:O utf8'Trip' rdn:CN utf8'trip ca'}" },
    { "validity_order",  "tls-dv", "validity seq{time:-1h time:-1h}" },
    { "validity_max",    "tls-dv", "validity seq{time:-1h time:-1h+$d}" },
    { "not_before_skew", "tls-dv", "validity seq{time:-$h-1s time:+1d}" },
    { "within_issuer",   "tls-dv", "ends 30" },
    { "time_encoding",   "tls-dv", "validity seq{time:-1h gen'20280115000000Z'}" },
    { "key_allowed",     "tls-dv", "spki rsa:$-8,65537" },
    { "key_exact",       "tls-dv", "request $other" },
    { "key_not_issuers", "tls-dv", "spki $ca" },

    { "subject_dv",            "tls-dv", "subject seq{rdn:L utf8'City' $cn}" },
    { "subject_no_duplicates", "tls-dv", "subject seq{$cn $cn}" },
    { "subject_encoding",      "tls-dv", "subject seq{rdn:CN ia5'a.example.com'}" },
    { "cn_in_san",             "tls-dv", "subject seq{rdn:CN utf8'b.example.com'}" },

    { "san_present",        "tls-dv", "subject seq{}; -SAN" },
    { "san_criticality",    "tls-dv", "+SAN critical seq{$san}" },
    { "san_dns_only",       "tls-dv", "+SAN seq{$san [7]#c0000201}" },
    { "san_dns_syntax",     "tls-dv", "+SAN seq{$san [2]'a!.example.com'}" },
    { "no_underscore",      "tls-dv", "+SAN seq{$san [2]'a_b.example.com'}" },
    { "no_reserved_label",  "tls-dv", "+SAN seq{$san [2]'ab--c.example.com'}" },
    { "names_no_duplicate", "tls-dv", "+SAN seq{$san [2]'A.example.com'}" },
    { "names_exact",        "tls-dv", "names a.example.com" },

    { "extensions_known",      "tls-dv", "+NC critical seq{}" },
    { "extensions_unique",     "tls-dv", "++EKU seq{oid:serverAuth}" },
    { "extension_criticality", "tls-dv", "+EKU critical seq{oid:serverAuth}" },
    { "aki_present",           "tls-dv", "-AKI" },
    { "no_ski",                "tls-dv", "+SKI octets{#0102030405060708090a0b0c0d0e0f1011121314}" },
    { "no_sct",                "tls-dv", "+SCT octets{#0000}" },
    { "no_poison",             "tls-dv", "+POISON critical null#" },
    { "basic_constraints",     "tls-dv", "+BC critical seq{bool#ff}" },

    { "ku_allowed",          "tls-dv", "+KU critical bits#05a0" },
    { "eku_server_auth",     "tls-dv", "-EKU" },
    { "eku_no_client_auth",  "tls-dv", "+EKU seq{oid:serverAuth oid:clientAuth}" },
    { "policy_reserved_oid", "tls-dv", "+POL seq{seq{oid:1.2.3}}" },

    { "aia_http",         "tls-dv", "+AIA seq{seq{oid:ocsp [6]'https://s.example/ocsp/trip'}}" },
    { "crldp_http",       "tls-dv", "+CRLDP seq{seq{[0]{[0]{[6]'ftp://s.example/crl/trip/0.crl'}}}}" },
    { "crldp_shard",      "tls-dv", "+CRLDP seq{seq{[0]{[0]{[6]'http://s.example/crl/trip/1.crl'}}}}" },
    { "status_reachable", "tls-private", "-CRLDP; +AIA seq{seq{oid:caIssuers [6]'http://s.example/ca/trip.crt'}}" },

    { "san_hosts_only",      "tls-private", "+SAN seq{$san [6]'http://a.example/'}" },
    { "san_host_syntax",     "tls-private", "+SAN seq{$san [7]#00000000}" },
    { "ku_fits_key",         "tls-private", "+KU critical bits#05a0" },
    { "policy_not_reserved", "tls-private", "+POL seq{seq{oid:dv}}" },
};
// clang-format on

#endif
