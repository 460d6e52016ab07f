import { parseReference, type ImageReference } from '../runtime/image-reference.ts';

/** Undefined when the text is no image name: what a container with it waits for is InvalidImageName. */
export function parseImageName(image: string): ImageReference | undefined {
  try {
    return parseReference(image);
  } catch {
    return undefined;
  }
}

/** "busybox" means "busybox:latest". */
export function withDefaultTag(image: string): string {
  const parsed = parseImageName(image);
  if (parsed === undefined || parsed.digest !== undefined) return image;
  return `${parsed.repository}:${parsed.tag}`;
}

/** What an absent imagePullPolicy means: Always for "latest", else IfNotPresent (the API server's default too). */
export function defaultPullPolicy(image: string): 'Always' | 'IfNotPresent' {
  const parsed = parseImageName(image);
  return parsed?.tag === 'latest' && parsed.digest === undefined ? 'Always' : 'IfNotPresent';
}
