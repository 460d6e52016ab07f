import { describe, expect, test } from 'vitest';
import { dockerError } from './errors.ts';
import { pullError } from './images.ts';

function reply(statusCode: number, message: string): Error {
  return Object.assign(new Error(`(HTTP code ${statusCode}) some reason - ${message} `), {
    statusCode,
    json: { message },
  });
}

describe('an error from Docker', () => {
  test.each([
    [404, 'No such container: abc', 'not-found'],
    [404, 'No such image: nothing:1', 'image-not-found'],
    [409, 'Conflict. The container name "/a" is already in use by container "b"', 'conflict'],
    [409, 'cannot join network of a non running container: abc', 'start-failed'],
    [
      500,
      'driver failed programming external connectivity: Bind for 0.0.0.0:80 failed: port is already allocated',
      'conflict',
    ],
    [400, 'exec: "nope": executable file not found in $PATH: unknown', 'start-failed'],
    [503, 'the daemon is shutting down', 'unavailable'],
  ])('with code %i and "%s" has the reason %s', (statusCode, message, reason) => {
    const error = dockerError('start container "web"', reply(statusCode, message), 'start-failed');
    expect(error).toMatchObject({ reason, message: `Cannot start container "web": ${message}` });
  });

  test('keeps the words of a reply that was read as a stream', () => {
    const cause = Object.assign(new Error('(HTTP code 409) unexpected - Container abc is not running '), {
      statusCode: 409,
    });
    expect(dockerError('run "sh"', cause).message).toBe('Cannot run "sh": Container abc is not running');
  });

  test.each(['ECONNREFUSED', 'ENOENT', 'ECONNRESET', 'EPIPE'])(
    'is "unavailable" when nothing answers: %s',
    (code) => {
      const cause = Object.assign(new Error(`connect ${code} /var/run/docker.sock`), { code });
      const error = dockerError('list containers', cause);
      expect(error.reason).toBe('unavailable');
      expect(error.message).toBe(
        `Cannot list containers: Docker does not answer (connect ${code} /var/run/docker.sock)`,
      );
    },
  );
});

describe('a failed pull', () => {
  test.each([
    [
      "pull access denied for nobody/nothing, repository does not exist or may require 'docker login'",
      'image-not-found',
    ],
    ['manifest for localhost:5000/app:2 not found: manifest unknown: manifest unknown', 'image-not-found'],
    ['no matching manifest for linux/amd64 in the manifest list entries', 'image-not-found'],
    ['Get "http://localhost:5000/v2/": unauthorized: authentication required', 'unauthorized'],
    [
      'Head "https://r.example.com/v2/app/manifests/1": denied: requested access to the resource is denied',
      'unauthorized',
    ],
    [
      'Get "https://registry-1.docker.io/v2/": dial tcp: lookup registry-1.docker.io: no such host',
      'registry-unavailable',
    ],
    [
      'Get "http://localhost:1/v2/": dial tcp 127.0.0.1:1: connect: connection refused',
      'registry-unavailable',
    ],
    ['toomanyrequests: You have reached your pull rate limit', 'registry-unavailable'],
    [
      'Get "https://r.example.com/v2/": x509: certificate signed by unknown authority',
      'registry-unavailable',
    ],
  ])('"%s" has the reason %s', (words, reason) => {
    expect(pullError('pull image "x"', new Error(words))).toMatchObject({
      reason,
      message: `Cannot pull image "x": ${words}`,
    });
    expect(pullError('pull image "x"', reply(500, words)).reason).toBe(reason);
  });
});
