import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import Docker from 'dockerode';
import { tarArchive } from '../../node-agent/runtime/docker/tar.ts';
import type { TarEntry } from '../../node-agent/runtime/docker/tar.ts';

/** Debian's busybox-static; nothing can be pulled where the tests run. */
const busyboxPath = '/bin/busybox';
/** Tells an image made here, and from which content, so that it is made once and nobody else's is replaced. */
const contentLabel = 'wheelhouse.dev/test-image-content';

interface TestImage {
  readonly name: string;
  readonly entries: readonly TarEntry[];
  /** Dockerfile instructions, as `docker import --change` takes them. */
  readonly changes: readonly string[];
}

export const busyboxImage = 'busybox:latest';
const podInfoImage = 'kimschles/pod-info-app:latest';

/** Why images cannot be made here, for a test's skip message; undefined when they can. */
export function whyNoTestImages(): string | undefined {
  return existsSync(busyboxPath) ? undefined : `"${busyboxPath}" is missing (apt-get install busybox-static)`;
}

/** Makes the images the tests run, where they are missing or older than this file. */
export async function ensureTestImages(options: { readonly socketPath?: string } = {}): Promise<void> {
  const docker = new Docker({ socketPath: options.socketPath ?? '/var/run/docker.sock' });
  for (const image of [busybox(), podInfo()]) await ensureImage(docker, image);
}

export const nodeImage = 'wheelhouse-test/node:latest';

/** Makes the image with the Node that runs the tests: for users' servers in Pods. 100 MB, so only where it is run. */
export async function ensureNodeImage(): Promise<void> {
  await ensureImage(new Docker({ socketPath: '/var/run/docker.sock' }), node());
}

async function ensureImage(docker: Docker, image: TestImage): Promise<void> {
  const archive = tarArchive(image.entries);
  const content = createHash('sha256').update(archive).update(image.changes.join('\n')).digest('hex');
  const present = await docker
    .getImage(image.name)
    .inspect()
    .catch((error: { statusCode?: number }) => {
      if (error.statusCode === 404) return undefined;
      throw error;
    });
  // One without our label is the real image, and serves as well.
  const presentContent = present?.Config.Labels?.[contentLabel];
  if (present !== undefined && (presentContent === undefined || presentContent === content)) return;

  const [repo, tag] = image.name.split(':');
  const reply = await docker.importImage(archive as unknown as string, {
    repo,
    tag,
    changes: [...image.changes, `LABEL ${contentLabel}=${content}`],
  });
  let progress = '';
  for await (const chunk of reply) progress += chunk.toString();
  if (progress.includes('"error"')) throw new Error(`Cannot import image "${image.name}": ${progress}`);
  // The one it replaces has no name now; a container that still uses it keeps it.
  if (present !== undefined)
    await docker
      .getImage(present.Id)
      .remove()
      .catch(() => {});
}

function busybox(): TestImage {
  return {
    name: busyboxImage,
    entries: rootFilesystem(),
    changes: ['ENV PATH=/bin', 'CMD ["sh"]'],
  };
}

/** Answers on port 3000 with who it is, as the application of the same name does. */
function podInfo(): TestImage {
  const program = [
    '#!/bin/sh',
    // Process 1 gets no signal that it has no handler for, so it would sit out its whole grace period.
    "trap 'exit 0' TERM INT",
    'mkdir -p /tmp/www',
    'printf \'{"pod_name":"%s","pod_namespace":"%s","pod_ip":"%s"}\' \\',
    '  "$POD_NAME" "$POD_NAMESPACE" "$POD_IP" > /tmp/www/index.html',
    'echo undefined',
    'httpd -f -p 3000 -h /tmp/www &',
    'echo Example app listening on port 3000',
    'wait',
    '',
  ].join('\n');
  return {
    name: podInfoImage,
    entries: [
      ...rootFilesystem(),
      { kind: 'directory', path: 'app', mode: 0o755 },
      { kind: 'file', path: 'app/start', mode: 0o755, content: Buffer.from(program) },
    ],
    changes: ['ENV PATH=/bin', 'WORKDIR /app', 'EXPOSE 3000', 'ENTRYPOINT ["/app/start"]'],
  };
}

function node(): TestImage {
  const program = realpathSync(process.execPath);
  const libraries = execFileSync('ldd', [program], { encoding: 'utf8' }).matchAll(/(\/\S+) \(0x/g);
  const file = (path: string, from: string, mode: number): TarEntry => {
    return { kind: 'file', path, mode, content: readFileSync(from) };
  };
  return {
    name: nodeImage,
    entries: [
      ...['bin', 'etc', 'lib', 'lib64', 'tls'].map(
        (path) => ({ kind: 'directory', path, mode: 0o755 }) as const,
      ),
      file('bin/node', program, 0o755),
      // Under the names by which the program asks for them, whatever links those are here.
      ...[...libraries].map(([, path = '']) => file(path.slice(1), path, 0o755)),
    ],
    changes: ['ENV PATH=/bin', 'ENTRYPOINT ["/bin/node"]'],
  };
}

/** The one program under every name that tests and people use. */
function rootFilesystem(): TarEntry[] {
  const text = (path: string, lines: readonly string[]): TarEntry => {
    return { kind: 'file', path, mode: 0o644, content: Buffer.from(`${lines.join('\n')}\n`) };
  };
  return [
    ...['bin', 'etc', 'home', 'root', 'usr'].map(
      (path) => ({ kind: 'directory', path, mode: 0o755 }) as const,
    ),
    { kind: 'directory', path: 'tmp', mode: 0o1777 },
    { kind: 'file', path: 'bin/busybox', mode: 0o755, content: readFileSync(busyboxPath) },
    ...applets.map((applet) => ({ kind: 'symlink', path: `bin/${applet}`, target: 'busybox' }) as const),
    text('etc/passwd', ['root:x:0:0:root:/root:/bin/sh', 'nobody:x:65534:65534:nobody:/home:/bin/false']),
    text('etc/group', ['root:x:0:', 'nogroup:x:65534:']),
  ];
}

const applets = `
  ash awk basename cat chmod chown clear cp cut date dd df dirname du echo env expr false find free grep
  gunzip gzip head hostname httpd id ifconfig ip kill killall less ln ls md5sum mkdir mkfifo mktemp more
  mv nc netstat nslookup ping printf ps pwd readlink rm rmdir route sed seq setsid sh sha256sum sleep
  sort stat stty sync tail tar tee telnet test time timeout top touch tr traceroute true tty uname uniq
  unzip uptime usleep vi watch wc wget which whoami xargs yes
`
  .trim()
  .split(/\s+/);
