/**
 * Self-signed, for turn.example and 127.0.0.1, until 2126. Made by `openssl req -x509 -newkey ec -pkeyopt
 * ec_paramgen_curve:P-256 -nodes -days 36500 -subj /CN=turn.example -addext subjectAltName=DNS:turn.example,IP:127.0.0.1`.
 */
export const TLS: { readonly certificate: string; readonly privateKey: string } = {
  certificate: `-----BEGIN CERTIFICATE-----
MIIBpDCCAUqgAwIBAgIURaKVuxEslpg6+9S/g1I+/TBHuMMwCgYIKoZIzj0EAwIw
FzEVMBMGA1UEAwwMdHVybi5leGFtcGxlMCAXDTI2MTEyMTE2MTEzMFoYDzIxMjYx
MDI4MTYxMTMwWjAXMRUwEwYDVQQDDAx0dXJuLmV4YW1wbGUwWTATBgcqhkjOPQIB
BggqhkjOPQMBBwNCAAQx++hnYwDvewITvaPn4TZZ/iaXGtS42pa/jh4rACJn2zDX
qXUipjmR9xyTyQiQhrkFHUE3Gs0BK+4QfdHUIPcoo3IwcDAdBgNVHQ4EFgQUYKjU
n0uE6bEOwYcKSKgeiUmYDKYwHwYDVR0jBBgwFoAUYKjUn0uE6bEOwYcKSKgeiUmY
DKYwDwYDVR0TAQH/BAUwAwEB/zAdBgNVHREEFjAUggx0dXJuLmV4YW1wbGWHBH8A
AAEwCgYIKoZIzj0EAwIDSAAwRQIgGcJmlXcs7hFV1Z/lIVl9QIpJYNNSbjSCASh3
ecdaZHkCIQDyZ2uCRsx8ARPg0AYKdk0X3An/bUaKOEuKE/s2oxc4Xw==
-----END CERTIFICATE-----
`,
  privateKey: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg4g4ShO5vDJJ6vtGt
ZDBSVHZXSv5D7GVrvvvzkd8iepShRANCAAQx++hnYwDvewITvaPn4TZZ/iaXGtS4
2pa/jh4rACJn2zDXqXUipjmR9xyTyQiQhrkFHUE3Gs0BK+4QfdHUIPco
-----END PRIVATE KEY-----
`,
};
