/** Logs are Docker's JSON files, so that `docker logs` works too, rotated as the kubelet does by default. */
export const logConfig = { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '5' } };
