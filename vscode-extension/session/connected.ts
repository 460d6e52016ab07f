import { l10n } from '../language/l10n.ts';
import type { ClusterSession, OpenCluster } from './cluster-session.ts';

/**
 * The open cluster, for what makes no sense while it does not answer; undefined where none was chosen. Throws why
 * where it is away.
 */
export function connectedCluster({
  current,
  state,
}: Pick<ClusterSession, 'current' | 'state'>): OpenCluster | undefined {
  switch (state.kind) {
    case 'unread':
    case 'none':
      return undefined;
    case 'connecting':
      throw new Error(l10n.t('cluster "{0}" has not answered yet', state.context.name));
    case 'connected':
      return current;
    case 'unavailable':
      throw new Error(l10n.t('cluster "{0}" is not available: {1}', state.context.name, state.why));
  }
}
