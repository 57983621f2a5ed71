/**
 * A self-signed certificate and its key, made with `openssl req -x509`, valid for a hundred years from 2026-11-21, for localhost
 * and 127.0.0.1. The key is worthless outside tests.
 */
export const certificate: string = `-----BEGIN CERTIFICATE-----
MIIBmzCCAUGgAwIBAgIUZAB6FgIbMS3/dMJmIV7dbvpwI2EwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJdHVybi50ZXN0MCAXDTI2MTEyMTE2NDA1NloYDzIxMjYxMDI4
MTY0MDU2WjAUMRIwEAYDVQQDDAl0dXJuLnRlc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAARna5+L/DtgHc74Cn0KkUJUAXk4VlOXf/NdgGE13nFjGySRdRHm0bVZ
NFznoHpEM/A3pBYyu5pLi2qklj9BsNE4o28wbTAdBgNVHQ4EFgQUf3RrdjDeWcu/
wtqoy7QV1HLoRe0wHwYDVR0jBBgwFoAUf3RrdjDeWcu/wtqoy7QV1HLoRe0wDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDSAAwRQIhAO8LXaqSR09sPkJ4xi4iZCnipN8nXGbc76dr1KjMEgiCAiBh
TW70boVt8wAiuYkCq4rEKZzWpksMuLexNk5w19Zdzw==
-----END CERTIFICATE-----
`;

export const privateKey: string = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgV2Hki5hONkOsGugC
gOCYVL5NytIKu8xWg7ZwKaq9rF6hRANCAARna5+L/DtgHc74Cn0KkUJUAXk4VlOX
f/NdgGE13nFjGySRdRHm0bVZNFznoHpEM/A3pBYyu5pLi2qklj9BsNE4
-----END PRIVATE KEY-----
`;
