import { badRequest, notFound } from '../../../api/errors.ts';
import type { ObjectName } from '../../../api/object.ts';
import type { ContainerStreams, LogsOptions } from '../../../api/streams.ts';
import { checkLogsOptions } from '../../../api/validation/log-options.ts';
import type { Exchange } from '../exchange.ts';

/** `pods/NAME/log`: the log as it is, followed where asked for. */
export async function serveLog(
  exchange: Exchange,
  streams: ContainerStreams,
  pod: ObjectName,
): Promise<void> {
  if (exchange.request.method !== 'GET') throw notFound({ group: '', plural: 'pods/log' }, pod.name);
  const options = logsOptions(exchange.url.searchParams);
  checkLogsOptions(pod.name, options);
  const pieces = streams.logs(exchange.call, pod, options);
  const iterator = pieces[Symbol.asyncIterator]();
  try {
    // What is wrong shows with the first piece, and must be told in the head of the answer.
    let next = await iterator.next();
    exchange.begin(200, 'text/plain');
    exchange.response.flushHeaders();
    for (; next.done !== true; next = await iterator.next()) if (!(await exchange.write(next.value))) return;
    exchange.response.end();
  } finally {
    await iterator.return?.();
  }
}

/** core/v1 PodLogOptions. */
function logsOptions(query: URLSearchParams): LogsOptions {
  const flag = (name: string) => ['true', '1'].includes(query.get(name) ?? '');
  const number = (name: string) => {
    const text = query.get(name) ?? '';
    if (text === '') return undefined;
    const value = Number(text);
    if (!Number.isInteger(value))
      throw badRequest(`${name}: Invalid value: ${JSON.stringify(text)}: must be a whole number`);
    return value;
  };
  const sinceTime = query.get('sinceTime') || undefined;
  if (sinceTime !== undefined && Number.isNaN(Date.parse(sinceTime)))
    throw badRequest(`sinceTime: Invalid value: ${JSON.stringify(sinceTime)}: must be an RFC 3339 time`);
  return {
    container: query.get('container') || undefined,
    follow: flag('follow'),
    previous: flag('previous'),
    timestamps: flag('timestamps'),
    tailLines: number('tailLines'),
    limitBytes: number('limitBytes'),
    sinceSeconds: number('sinceSeconds'),
    sinceTime,
    stream: query.get('stream') || undefined,
  };
}
