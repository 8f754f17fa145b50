/* trip_goods - the good certificates that trips.h changes, one of each profile of policy/profiles. */
#ifndef LINTS_TRIP_GOODS_H
#define LINTS_TRIP_GOODS_H

// clang-format off

/* Words with a $, as values of trip_text.h. */
static const struct {
    const char *name, *value;
} trip_constants[] = {
    { "issuer", "seq{rdn:C printable'XX' rdn:O utf8'Trip' rdn:CN utf8'Trip CA'}" },
    { "ca",     "#3059301306072a8648ce3d020106082a8648ce3d03010703420004"
                 "a21ef9b436c5749af6f70073ceb4d83edec7ac8e229658a35e34f9e4abc4b3af"
                 "11b051650fb51692c8562a5c6e39946739f08e5a06ee852454d289bb2448a0e0" },
    { "root",   "#"
                 "3076301006072a8648ce3d020106052b81040022036200046b132028da54fc8f"
                 "08455ef2eb38291535d08d3ce00db4ffe7e64734f8524d09cde51464eacce3d8"
                 "593d3b3c20a9d1956375c9794e2b17697067d5730c1a6c4b8c2a6c7405963008"
                 "18666000edd6a4a02ce1aded26af6d25c2b1f528e38bc802" },
    { "rsa",    "rsa:2048,65537" },
    { "spki",   "#3059301306072a8648ce3d020106082a8648ce3d03010703420004"
                 "68952727392d0b0e4bfa5f99ea793ea2b122b701763acda1db45b1ca8d8de413"
                 "7db3c718af482d0d89015dc345a99188c397e6826f1fb68e671f76e8f474ef6a" },
    { "other",  "#3059301306072a8648ce3d020106082a8648ce3d03010703420004"
                 "4389e08fc96d497c9244893bc2684077e9ac805ea275f382de96482139299785"
                 "184d41b87c2c23ff2b1dfcbbe1b34c37d85c5af4d384c9b5cdc50a1db416f773" },
    { "bad",    "#3059301306072a8648ce3d020106082a8648ce3d03010703420004" /* not on its curve */
                 "4389e08fc96d497c9244893bc2684077e9ac805ea275f382de96482139299785"
                 "184d41b87c2c23ff2b1dfcbbe1b34c37d85c5af4d384c9b5cdc50a1db416f774" },
    { "roca",   "rsa:#" /* 1 modulo each small prime */
                 "98f135d25f557203301850c5a38fd547923a736994e3bf911a61dbe22e44158b"
                 "ae97ba94d0eda82f8f6d05584ef8aa38922766581e27a1c08a6a63ec24ede6a4"
                 "6b4cb2424a23d5962217beaddbc496cb8e81973e0becd7b03898d190f9ebdacc"
                 "0cb1e29c658cda1495e60af593bd04cf0fd630f1f29d0da9953f48f1a09f76b5"
                 "a170b33839263059f28c105d1fb17c2390c192cfd3ac94af0f21ddb66cad4a26"
                 "8d116ece1738f7d93d9c172411e20b8f6b0d549b6f03675a1600a35a099950d8"
                 "36f675cc81e74ef5e8e25d940ed904759531985d5d9dc9f81818e811892f902b"
                 "d23f08240f5f4200bfbb13f0ce032f52a0a15d14bb2edad60b7c375d0c94bd35" },
    { "close",  "rsa:#" /* of two primes with a thousand between them */
                 "b621ab0e993d63bd2e70190fc8b40a01c320a2cb2b9d09305a12aa5aa23f7345"
                 "15371e1927e9fd0b1ca09dfd064d0ab70195a2a1b4c8362feaf02304cf851602"
                 "03126fe8ea76577050fe63c97b7ca93aa76f3b256f41d6992beaa7209f0fc260"
                 "088c95df40b3e26da643e143c834ff2fc79978c3914175354cdf6d68c69f7b16"
                 "a4e9c06bfb6360530590d5fe4310fbcf13519d404176c8ae99d4fac916b3a0cd"
                 "fa70f2226770a761d70533b0603896eaa9058bff2b6751b38d837177a346b718"
                 "598d6e5e9ccda39797206a08f5cd11202462700383bf0aa584737ce5b04392eb"
                 "1236dcce6cb175890abd76b01cd1c214c50941fa52b557f61d5492a3f89add1f" },
    { "power",  "rsa:#" /* of one prime, three times */
                 "d942bc57b46e56fb503d1c05a36365660c8c3f1abb3f5c944bfbd0fda118b9df"
                 "4911ef4cef07fe3140f8a1b6ccd901aeea172576b696ed88ed691474177c1223"
                 "62d0c484c244986082cddcd8b1a1915b21e09b1de4343a6054b94c2061115806"
                 "5b132b5ef86c25743d1dda07f7cd03df14b56d64c3ee8afeb517bd821f127e26"
                 "09718ed0a6b0a7713ead42eab0bf8ec874c751f5676073510cadf5d52800bb56"
                 "3c2f1430abace87058f360a28c4d64ace4dabfa8317acceb097ac145863a11a4"
                 "25ad984e6812210394d5081a60dd5a84e88eb06824ba22d04141229c6d28ba64"
                 "e7bd2c5bdf77f7f4a46b10da10b7d0f2693cef68c2e41c3606ee6c3e8c1de853" },
    { "debian", "#3059301306072a8648ce3d020106082a8648ce3d03010703420004" /* le64, rnd, process 1 */
                 "f9d282434687b7a13c0030ff8f516817407a91e6980813af4add47a46c685114"
                 "fd7d0ba522a32a0005292864fcb84b7c73efead460865b98327893c9074d986b" },
    { "san",    "[2]'a.example.com' [2]'*.example.com'" },
    { "cn",     "rdn:CN utf8'a.example.com'" },
    { "crl",    "[6]'http://s.example/crl/trip/0.crl'" },
    { "where",  "seq{oid:ocsp [6]'http://s.example/ocsp/trip'} seq{oid:caIssuers [6]'http://s.example/ca/trip.crt'}" },
    { "sct",    "#00aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" /* of December 2024 */
                 "00000193a1b2c3d4" "0000" "04030000" },
    { "sct2",   "#00bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
                 "00000193a1b2c3d4" "0000" "04030000" },
    { "scts",   "octets{#0031002f$sct}" },
    { "dom",    "rdn:C printable'XX' rdn:O utf8'Trip'" },
};

/* `like`: begins as that one. The serial's last four octets are those of shard 0. $keyid is the authority's key,
 * $own the certificate's. */
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
      "+AIA seq{$where};"
      "+CRLDP seq{seq{[0]{[0]{$crl}}}};"
      "+SAN seq{$san}" },
    { "tls-ov", "tls-dv",
      "+POL seq{seq{oid:ov}};"
      "subject seq{rdn:C printable'DE' rdn:ST utf8'State' rdn:L utf8'City' rdn:street utf8'Street 1'"
      " rdn:O utf8'Company' $cn}" },
    { "tls-iv", "tls-dv",
      "+POL seq{seq{oid:iv}};"
      "subject seq{rdn:C printable'DE' rdn:L utf8'City' rdn:surname utf8'Mueller' rdn:givenName utf8'Eva' $cn}" },
    { "tls-ev", "tls-ov",
      "+POL seq{seq{oid:ev}};"
      "+SAN seq{[2]'a.example.com'};"
      "subject seq{rdn:businessCategory utf8'Private Organization' rdn:jurisdictionC printable'DE'"
      " rdn:serialNumber printable'HRB 12345' rdn:C printable'DE' rdn:L utf8'City' rdn:O utf8'Company'"
      " rdn:organizationIdentifier utf8'NTRDE-HRB12345' $cn};"
      "+ORGID seq{printable'NTR' printable'DE' utf8'HRB12345'}" },
    { "tls-private", "tls-dv",
      "-POL; +SKI octets{#0102030405060708090a0b0c0d0e0f1011121314};"
      "+EKU seq{oid:serverAuth oid:clientAuth}" },
    { "ca-root", NULL,
      "version [0]{int:2};"
      "serial int#0193a1b2c3d4e59f8e7d6c5b4a39281700;"
      "algorithm seq{oid:ecdsa384};"
      "signer self;"
      "issuer $issuer;"
      "validity seq{time:+1s time:+7300d};"
      "subject $issuer;"
      "spki $root;"
      "+BC critical seq{bool#ff};"
      "+KU critical bits#0186;"
      "+SKI octets{$own}" },
    { "ca-subordinate", "ca-root",
      "signer ca; algorithm seq{oid:ecdsa256};"
      "validity seq{time:+1s time:+1095d};"
      "subject seq{$dom rdn:CN utf8'Trip TLS CA'};"
      "spki $spki;"
      "+BC critical seq{bool#ff int:0};"
      "+SKI octets{$own};"
      "+AKI seq{[0]$keyid};"
      "+EKU seq{oid:serverAuth};"
      "+POL seq{seq{oid:dv}};"
      "+AIA seq{$where};"
      "+CRLDP seq{seq{[0]{[0]{$crl}}}}" },
    { "ca-cross", "ca-subordinate", "+BC critical seq{bool#ff}" },
    { "ca-private-root", "ca-root", "" },
    { "ca-private-subordinate", "ca-subordinate", "-POL; +EKU seq{oid:serverAuth oid:clientAuth}" },
    { "ocsp-responder", "ca-subordinate",
      "validity seq{time:-1h time:+30d};"
      "subject seq{$dom rdn:CN utf8'Trip OCSP'};"
      "-BC; -POL; -AIA; -CRLDP;"
      "+KU critical bits#0780;"
      "+EKU seq{oid:OCSPSigning};"
      "+NOCHECK null#" },
};
// clang-format on

#endif
