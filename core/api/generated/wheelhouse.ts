// Generated from core/api/proto/wheelhouse.proto by `npm run generate`.
import { WireReader, WireWriter, type Codec, type WireMethod } from '../proto/wire.ts';

const noBytes = Buffer.alloc(0);

export interface Target {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
}

export interface TargetInit {
  readonly group?: string | undefined;
  readonly version?: string | undefined;
  readonly resource?: string | undefined;
  readonly subresource?: string | undefined;
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
}

function writeTarget(writer: WireWriter, message: TargetInit): void {
  if (message.group) writer.string(1, message.group);
  if (message.version) writer.string(2, message.version);
  if (message.resource) writer.string(3, message.resource);
  if (message.subresource) writer.string(4, message.subresource);
  if (message.namespace) writer.string(5, message.namespace);
  if (message.name) writer.string(6, message.name);
}

function readTarget(reader: WireReader): Target {
  let group_: string = '';
  let version_: string = '';
  let resource_: string = '';
  let subresource_: string = '';
  let namespace_: string = '';
  let name_: string = '';
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    switch (field) {
      case 1:
        group_ = reader.string();
        break;
      case 2:
        version_ = reader.string();
        break;
      case 3:
        resource_ = reader.string();
        break;
      case 4:
        subresource_ = reader.string();
        break;
      case 5:
        namespace_ = reader.string();
        break;
      case 6:
        name_ = reader.string();
        break;
      default:
        reader.skip();
    }
  }
  return { group: group_, version: version_, resource: resource_, subresource: subresource_, namespace: namespace_, name: name_ };
}

export const Target: Codec<TargetInit, Target> = {
  encode(message) {
    const writer = new WireWriter();
    writeTarget(writer, message);
    return writer.finish();
  },
  decode: (bytes) => readTarget(new WireReader(bytes)),
};

export interface ApiObject {
  readonly json: Buffer;
  readonly resourceVersion: string;
}

export interface ApiObjectInit {
  readonly json?: Buffer | undefined;
  readonly resourceVersion?: string | undefined;
}

function writeApiObject(writer: WireWriter, message: ApiObjectInit): void {
  if (message.json && message.json.length > 0) writer.bytes(1, message.json);
  if (message.resourceVersion) writer.string(2, message.resourceVersion);
}

function readApiObject(reader: WireReader): ApiObject {
  let json_: Buffer = noBytes;
  let resourceVersion_: string = '';
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    switch (field) {
      case 1:
        json_ = reader.bytes();
        break;
      case 2:
        resourceVersion_ = reader.string();
        break;
      default:
        reader.skip();
    }
  }
  return { json: json_, resourceVersion: resourceVersion_ };
}

export const ApiObject: Codec<ApiObjectInit, ApiObject> = {
  encode(message) {
    const writer = new WireWriter();
    writeApiObject(writer, message);
    return writer.finish();
  },
  decode: (bytes) => readApiObject(new WireReader(bytes)),
};

export interface GetRequest {
  readonly target: Target | undefined;
  readonly resourceVersion: string;
}

export interface GetRequestInit {
  readonly target?: TargetInit | undefined | undefined;
  readonly resourceVersion?: string | undefined;
}

function writeGetRequest(writer: WireWriter, message: GetRequestInit): void {
  if (message.target !== undefined) writer.message(1, message.target, writeTarget);
  if (message.resourceVersion) writer.string(2, message.resourceVersion);
}

function readGetRequest(reader: WireReader): GetRequest {
  let target_: Target | undefined = undefined;
  let resourceVersion_: string = '';
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    switch (field) {
      case 1:
        target_ = reader.message(readTarget);
        break;
      case 2:
        resourceVersion_ = reader.string();
        break;
      default:
        reader.skip();
    }
  }
  return { target: target_, resourceVersion: resourceVersion_ };
}

export const GetRequest: Codec<GetRequestInit, GetRequest> = {
  encode(message) {
    const writer = new WireWriter();
    writeGetRequest(writer, message);
    return writer.finish();
  },
  decode: (bytes) => readGetRequest(new WireReader(bytes)),
};

export interface ListOptions {
  readonly labelSelector: string;
  readonly fieldSelector: string;
  readonly limit: number;
  readonly continue: string;
  readonly resourceVersion: string;
  readonly resourceVersionMatch: string;
}

export interface ListOptionsInit {
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  readonly limit?: number | undefined;
  readonly continue?: string | undefined;
  readonly resourceVersion?: string | undefined;
  readonly resourceVersionMatch?: string | undefined;
}

function writeListOptions(writer: WireWriter, message: ListOptionsInit): void {
  if (message.labelSelector) writer.string(1, message.labelSelector);
  if (message.fieldSelector) writer.string(2, message.fieldSelector);
  if (message.limit) writer.signed(3, message.limit);
  if (message.continue) writer.string(4, message.continue);
  if (message.resourceVersion) writer.string(5, message.resourceVersion);
  if (message.resourceVersionMatch) writer.string(6, message.resourceVersionMatch);
}

function readListOptions(reader: WireReader): ListOptions {
  let labelSelector_: string = '';
  let fieldSelector_: string = '';
  let limit_: number = 0;
  let continue_: string = '';
  let resourceVersion_: string = '';
  let resourceVersionMatch_: string = '';
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    switch (field) {
      case 1:
        labelSelector_ = reader.string();
        break;
      case 2:
        fieldSelector_ = reader.string();
        break;
      case 3:
        limit_ = reader.signed();
        break;
      case 4:
        continue_ = reader.string();
        break;
      case 5:
        resourceVersion_ = reader.string();
        break;
      case 6:
        resourceVersionMatch_ = reader.string();
        break;
      default:
        reader.skip();
    }
  }
  return { labelSelector: labelSelector_, fieldSelector: fieldSelector_, limit: limit_, continue: continue_, resourceVersion: resourceVersion_, resourceVersionMatch: resourceVersionMatch_ };
}

export const ListOptions: Codec<ListOptionsInit, ListOptions> = {
  encode(message) {
    const writer = new WireWriter();
    writeListOptions(writer, message);
    return writer.finish();
  },
  decode: (bytes) => readListOptions(new WireReader(bytes)),
};

export interface ListRequest {
  readonly target: Target | undefined;
  readonly options: ListOptions | undefined;
}

export interface ListRequestInit {
  readonly target?: TargetInit | undefined | undefined;
  readonly options?: ListOptionsInit | undefined | undefined;
}

function writeListRequest(writer: WireWriter, message: ListRequestInit): void {
  if (message.target !== undefined) writer.message(1, message.target, writeTarget);
  if (message.options !== undefined) writer.message(2, message.options, writeListOptions);
}

function readListRequest(reader: WireReader): ListRequest {
  let target_: Target | undefined = undefined;
  let options_: ListOptions | undefined = undefined;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    switch (field) {
      case 1:
        target_ = reader.message(readTarget);
        break;
      case 2:
        options_ = reader.message(readListOptions);
        break;
      default:
        reader.skip();
    }
  }
  return { target: target_, options: options_ };
}

export const ListRequest: Codec<ListRequestInit, ListRequest> = {
  encode(message) {
    const writer = new WireWriter();
    writeListRequest(writer, message);
    return writer.finish();
  },
  decode: (bytes) => readListRequest(new WireReader(bytes)),
};

export interface ListChunk {
  readonly items: readonly Buffer[];
  readonly resourceVersion: string;
  readonly continue: string;
  readonly remainingItemCount: number | undefined;
}

export interface ListChunkInit {
  readonly items?: readonly Buffer[] | undefined;
  readonly resourceVersion?: string | undefined;
  readonly continue?: string | undefined;
  readonly remainingItemCount?: number | undefined | undefined;
}

function writeListChunk(writer: WireWriter, message: ListChunkInit): void {
  if (message.items) for (const item of message.items) writer.bytes(1, item);
  if (message.resourceVersion) writer.string(2, message.resourceVersion);
  if (message.continue) writer.string(3, message.continue);
  if (message.remainingItemCount !== undefined) writer.signed(4, message.remainingItemCount);
}

function readListChunk(reader: WireReader): ListChunk {
  const items_: Buffer[] = [];
  let resourceVersion_: string = '';
  let continue_: string = '';
  let remainingItemCount_: number | undefined = undefined;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    switch (field) {
      case 1:
        items_.push(reader.bytes());
        break;
      case 2:
        resourceVersion_ = reader.string();
        break;
      case 3:
        continue_ = reader.string();
        break;
      case 4:
        remainingItemCount_ = reader.signed();
        break;
      default:
        reader.skip();
    }
  }
  return { items: items_, resourceVersion: resourceVersion_, continue: continue_, remainingItemCount: remainingItemCount_ };
}

export const ListChunk: Codec<ListChunkInit, ListChunk> = {
  encode(message) {
    const writer = new WireWriter();
    writeListChunk(writer, message);
    return writer.finish();
  },
  decode: (bytes) => readListChunk(new WireReader(bytes)),
};

export interface WatchRequest {
  readonly target: Target | undefined;
  readonly labelSelector: string;
  readonly fieldSelector: string;
  readonly resourceVersion: string;
  readonly allowBookmarks: boolean;
  readonly sendInitialEvents: boolean;
  readonly timeoutSeconds: number;
}

export interface WatchRequestInit {
  readonly target?: TargetInit | undefined | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  readonly resourceVersion?: string | undefined;
  readonly allowBookmarks?: boolean | undefined;
  readonly sendInitialEvents?: boolean | undefined;
  readonly timeoutSeconds?: number | undefined;
}

function writeWatchRequest(writer: WireWriter, message: WatchRequestInit): void {
  if (message.target !== undefined) writer.message(1, message.target, writeTarget);
  if (message.labelSelector) writer.string(2, message.labelSelector);
  if (message.fieldSelector) writer.string(3, message.fieldSelector);
  if (message.resourceVersion) writer.string(4, message.resourceVersion);
  if (message.allowBookmarks) writer.bool(5, message.allowBookmarks);
  if (message.sendInitialEvents) writer.bool(6, message.sendInitialEvents);
  if (message.timeoutSeconds) writer.signed(7, message.timeoutSeconds);
}

function readWatchRequest(reader: WireReader): WatchRequest {
  let target_: Target | undefined = undefined;
  let labelSelector_: string = '';
  let fieldSelector_: string = '';
  let resourceVersion_: string = '';
  let allowBookmarks_: boolean = false;
  let sendInitialEvents_: boolean = false;
  let timeoutSeconds_: number = 0;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    switch (field) {
      case 1:
        target_ = reader.message(readTarget);
        break;
      case 2:
        labelSelector_ = reader.string();
        break;
      case 3:
        fieldSelector_ = reader.string();
        break;
      case 4:
        resourceVersion_ = reader.string();
        break;
      case 5:
        allowBookmarks_ = reader.bool();
        break;
      case 6:
        sendInitialEvents_ = reader.bool();
        break;
      case 7:
        timeoutSeconds_ = reader.signed();
        break;
      default:
        reader.skip();
    }
  }
  return { target: target_, labelSelector: labelSelector_, fieldSelector: fieldSelector_, resourceVersion: resourceVersion_, allowBookmarks: allowBookmarks_, sendInitialEvents: sendInitialEvents_, timeoutSeconds: timeoutSeconds_ };
}

export const WatchRequest: Codec<WatchRequestInit, WatchRequest> = {
  encode(message) {
    const writer = new WireWriter();
    writeWatchRequest(writer, message);
    return writer.finish();
  },
  decode: (bytes) => readWatchRequest(new WireReader(bytes)),
};

export interface WatchBatch {
  readonly events: readonly WatchEvent[];
}

export interface WatchBatchInit {
  readonly events?: readonly WatchEventInit[] | undefined;
}

function writeWatchBatch(writer: WireWriter, message: WatchBatchInit): void {
  if (message.events) for (const item of message.events) writer.message(1, item, writeWatchEvent);
}

function readWatchBatch(reader: WireReader): WatchBatch {
  const events_: WatchEvent[] = [];
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    switch (field) {
      case 1:
        events_.push(reader.message(readWatchEvent));
        break;
      default:
        reader.skip();
    }
  }
  return { events: events_ };
}

export const WatchBatch: Codec<WatchBatchInit, WatchBatch> = {
  encode(message) {
    const writer = new WireWriter();
    writeWatchBatch(writer, message);
    return writer.finish();
  },
  decode: (bytes) => readWatchBatch(new WireReader(bytes)),
};

export const WatchEventType = {
  BOOKMARK: 0,
  ADDED: 1,
  MODIFIED: 2,
  DELETED: 3,
} as const;

export interface WatchEvent {
  readonly type: number;
  readonly json: Buffer;
  readonly resourceVersion: string;
  readonly initialEventsEnd: boolean;
}

export interface WatchEventInit {
  readonly type?: number | undefined;
  readonly json?: Buffer | undefined;
  readonly resourceVersion?: string | undefined;
  readonly initialEventsEnd?: boolean | undefined;
}

function writeWatchEvent(writer: WireWriter, message: WatchEventInit): void {
  if (message.type) writer.unsigned(1, message.type);
  if (message.json && message.json.length > 0) writer.bytes(2, message.json);
  if (message.resourceVersion) writer.string(3, message.resourceVersion);
  if (message.initialEventsEnd) writer.bool(4, message.initialEventsEnd);
}

function readWatchEvent(reader: WireReader): WatchEvent {
  let type_: number = 0;
  let json_: Buffer = noBytes;
  let resourceVersion_: string = '';
  let initialEventsEnd_: boolean = false;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    switch (field) {
      case 1:
        type_ = reader.unsigned();
        break;
      case 2:
        json_ = reader.bytes();
        break;
      case 3:
        resourceVersion_ = reader.string();
        break;
      case 4:
        initialEventsEnd_ = reader.bool();
        break;
      default:
        reader.skip();
    }
  }
  return { type: type_, json: json_, resourceVersion: resourceVersion_, initialEventsEnd: initialEventsEnd_ };
}

export const WatchEvent: Codec<WatchEventInit, WatchEvent> = {
  encode(message) {
    const writer = new WireWriter();
    writeWatchEvent(writer, message);
    return writer.finish();
  },
  decode: (bytes) => readWatchEvent(new WireReader(bytes)),
};

export interface WriteOptions {
  readonly dryRun: boolean;
  readonly fieldManager: string;
  readonly fieldValidation: string;
}

export interface WriteOptionsInit {
  readonly dryRun?: boolean | undefined;
  readonly fieldManager?: string | undefined;
  readonly fieldValidation?: string | undefined;
}

function writeWriteOptions(writer: WireWriter, message: WriteOptionsInit): void {
  if (message.dryRun) writer.bool(1, message.dryRun);
  if (message.fieldManager) writer.string(2, message.fieldManager);
  if (message.fieldValidation) writer.string(3, message.fieldValidation);
}

function readWriteOptions(reader: WireReader): WriteOptions {
  let dryRun_: boolean = false;
  let fieldManager_: string = '';
  let fieldValidation_: string = '';
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    switch (field) {
      case 1:
        dryRun_ = reader.bool();
        break;
      case 2:
        fieldManager_ = reader.string();
        break;
      case 3:
        fieldValidation_ = reader.string();
        break;
      default:
        reader.skip();
    }
  }
  return { dryRun: dryRun_, fieldManager: fieldManager_, fieldValidation: fieldValidation_ };
}

export const WriteOptions: Codec<WriteOptionsInit, WriteOptions> = {
  encode(message) {
    const writer = new WireWriter();
    writeWriteOptions(writer, message);
    return writer.finish();
  },
  decode: (bytes) => readWriteOptions(new WireReader(bytes)),
};

export interface WriteRequest {
  readonly target: Target | undefined;
  readonly json: Buffer;
  readonly options: WriteOptions | undefined;
}

export interface WriteRequestInit {
  readonly target?: TargetInit | undefined | undefined;
  readonly json?: Buffer | undefined;
  readonly options?: WriteOptionsInit | undefined | undefined;
}

function writeWriteRequest(writer: WireWriter, message: WriteRequestInit): void {
  if (message.target !== undefined) writer.message(1, message.target, writeTarget);
  if (message.json && message.json.length > 0) writer.bytes(2, message.json);
  if (message.options !== undefined) writer.message(3, message.options, writeWriteOptions);
}

function readWriteRequest(reader: WireReader): WriteRequest {
  let target_: Target | undefined = undefined;
  let json_: Buffer = noBytes;
  let options_: WriteOptions | undefined = undefined;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    switch (field) {
      case 1:
        target_ = reader.message(readTarget);
        break;
      case 2:
        json_ = reader.bytes();
        break;
      case 3:
        options_ = reader.message(readWriteOptions);
        break;
      default:
        reader.skip();
    }
  }
  return { target: target_, json: json_, options: options_ };
}

export const WriteRequest: Codec<WriteRequestInit, WriteRequest> = {
  encode(message) {
    const writer = new WireWriter();
    writeWriteRequest(writer, message);
    return writer.finish();
  },
  decode: (bytes) => readWriteRequest(new WireReader(bytes)),
};

export interface PatchRequest {
  readonly target: Target | undefined;
  readonly type: string;
  readonly patch: Buffer;
  readonly options: WriteOptions | undefined;
  readonly force: boolean;
}

export interface PatchRequestInit {
  readonly target?: TargetInit | undefined | undefined;
  readonly type?: string | undefined;
  readonly patch?: Buffer | undefined;
  readonly options?: WriteOptionsInit | undefined | undefined;
  readonly force?: boolean | undefined;
}

function writePatchRequest(writer: WireWriter, message: PatchRequestInit): void {
  if (message.target !== undefined) writer.message(1, message.target, writeTarget);
  if (message.type) writer.string(2, message.type);
  if (message.patch && message.patch.length > 0) writer.bytes(3, message.patch);
  if (message.options !== undefined) writer.message(4, message.options, writeWriteOptions);
  if (message.force) writer.bool(5, message.force);
}

function readPatchRequest(reader: WireReader): PatchRequest {
  let target_: Target | undefined = undefined;
  let type_: string = '';
  let patch_: Buffer = noBytes;
  let options_: WriteOptions | undefined = undefined;
  let force_: boolean = false;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    switch (field) {
      case 1:
        target_ = reader.message(readTarget);
        break;
      case 2:
        type_ = reader.string();
        break;
      case 3:
        patch_ = reader.bytes();
        break;
      case 4:
        options_ = reader.message(readWriteOptions);
        break;
      case 5:
        force_ = reader.bool();
        break;
      default:
        reader.skip();
    }
  }
  return { target: target_, type: type_, patch: patch_, options: options_, force: force_ };
}

export const PatchRequest: Codec<PatchRequestInit, PatchRequest> = {
  encode(message) {
    const writer = new WireWriter();
    writePatchRequest(writer, message);
    return writer.finish();
  },
  decode: (bytes) => readPatchRequest(new WireReader(bytes)),
};

export interface DeleteOptions {
  readonly dryRun: boolean;
  readonly gracePeriodSeconds: number | undefined;
  readonly propagationPolicy: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly ignoreStoreReadErrorWithClusterBreakingPotential: boolean;
}

export interface DeleteOptionsInit {
  readonly dryRun?: boolean | undefined;
  readonly gracePeriodSeconds?: number | undefined | undefined;
  readonly propagationPolicy?: string | undefined;
  readonly uid?: string | undefined;
  readonly resourceVersion?: string | undefined;
  readonly ignoreStoreReadErrorWithClusterBreakingPotential?: boolean | undefined;
}

function writeDeleteOptions(writer: WireWriter, message: DeleteOptionsInit): void {
  if (message.dryRun) writer.bool(1, message.dryRun);
  if (message.gracePeriodSeconds !== undefined) writer.signed(2, message.gracePeriodSeconds);
  if (message.propagationPolicy) writer.string(3, message.propagationPolicy);
  if (message.uid) writer.string(4, message.uid);
  if (message.resourceVersion) writer.string(5, message.resourceVersion);
  if (message.ignoreStoreReadErrorWithClusterBreakingPotential) writer.bool(6, message.ignoreStoreReadErrorWithClusterBreakingPotential);
}

function readDeleteOptions(reader: WireReader): DeleteOptions {
  let dryRun_: boolean = false;
  let gracePeriodSeconds_: number | undefined = undefined;
  let propagationPolicy_: string = '';
  let uid_: string = '';
  let resourceVersion_: string = '';
  let ignoreStoreReadErrorWithClusterBreakingPotential_: boolean = false;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    switch (field) {
      case 1:
        dryRun_ = reader.bool();
        break;
      case 2:
        gracePeriodSeconds_ = reader.signed();
        break;
      case 3:
        propagationPolicy_ = reader.string();
        break;
      case 4:
        uid_ = reader.string();
        break;
      case 5:
        resourceVersion_ = reader.string();
        break;
      case 6:
        ignoreStoreReadErrorWithClusterBreakingPotential_ = reader.bool();
        break;
      default:
        reader.skip();
    }
  }
  return { dryRun: dryRun_, gracePeriodSeconds: gracePeriodSeconds_, propagationPolicy: propagationPolicy_, uid: uid_, resourceVersion: resourceVersion_, ignoreStoreReadErrorWithClusterBreakingPotential: ignoreStoreReadErrorWithClusterBreakingPotential_ };
}

export const DeleteOptions: Codec<DeleteOptionsInit, DeleteOptions> = {
  encode(message) {
    const writer = new WireWriter();
    writeDeleteOptions(writer, message);
    return writer.finish();
  },
  decode: (bytes) => readDeleteOptions(new WireReader(bytes)),
};

export interface DeleteRequest {
  readonly target: Target | undefined;
  readonly options: DeleteOptions | undefined;
}

export interface DeleteRequestInit {
  readonly target?: TargetInit | undefined | undefined;
  readonly options?: DeleteOptionsInit | undefined | undefined;
}

function writeDeleteRequest(writer: WireWriter, message: DeleteRequestInit): void {
  if (message.target !== undefined) writer.message(1, message.target, writeTarget);
  if (message.options !== undefined) writer.message(2, message.options, writeDeleteOptions);
}

function readDeleteRequest(reader: WireReader): DeleteRequest {
  let target_: Target | undefined = undefined;
  let options_: DeleteOptions | undefined = undefined;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    switch (field) {
      case 1:
        target_ = reader.message(readTarget);
        break;
      case 2:
        options_ = reader.message(readDeleteOptions);
        break;
      default:
        reader.skip();
    }
  }
  return { target: target_, options: options_ };
}

export const DeleteRequest: Codec<DeleteRequestInit, DeleteRequest> = {
  encode(message) {
    const writer = new WireWriter();
    writeDeleteRequest(writer, message);
    return writer.finish();
  },
  decode: (bytes) => readDeleteRequest(new WireReader(bytes)),
};

export interface DeleteReply {
  readonly object: ApiObject | undefined;
  readonly gone: boolean;
}

export interface DeleteReplyInit {
  readonly object?: ApiObjectInit | undefined | undefined;
  readonly gone?: boolean | undefined;
}

function writeDeleteReply(writer: WireWriter, message: DeleteReplyInit): void {
  if (message.object !== undefined) writer.message(1, message.object, writeApiObject);
  if (message.gone) writer.bool(2, message.gone);
}

function readDeleteReply(reader: WireReader): DeleteReply {
  let object_: ApiObject | undefined = undefined;
  let gone_: boolean = false;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    switch (field) {
      case 1:
        object_ = reader.message(readApiObject);
        break;
      case 2:
        gone_ = reader.bool();
        break;
      default:
        reader.skip();
    }
  }
  return { object: object_, gone: gone_ };
}

export const DeleteReply: Codec<DeleteReplyInit, DeleteReply> = {
  encode(message) {
    const writer = new WireWriter();
    writeDeleteReply(writer, message);
    return writer.finish();
  },
  decode: (bytes) => readDeleteReply(new WireReader(bytes)),
};

export interface DeleteCollectionRequest {
  readonly target: Target | undefined;
  readonly list: ListOptions | undefined;
  readonly options: DeleteOptions | undefined;
}

export interface DeleteCollectionRequestInit {
  readonly target?: TargetInit | undefined | undefined;
  readonly list?: ListOptionsInit | undefined | undefined;
  readonly options?: DeleteOptionsInit | undefined | undefined;
}

function writeDeleteCollectionRequest(writer: WireWriter, message: DeleteCollectionRequestInit): void {
  if (message.target !== undefined) writer.message(1, message.target, writeTarget);
  if (message.list !== undefined) writer.message(2, message.list, writeListOptions);
  if (message.options !== undefined) writer.message(3, message.options, writeDeleteOptions);
}

function readDeleteCollectionRequest(reader: WireReader): DeleteCollectionRequest {
  let target_: Target | undefined = undefined;
  let list_: ListOptions | undefined = undefined;
  let options_: DeleteOptions | undefined = undefined;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    switch (field) {
      case 1:
        target_ = reader.message(readTarget);
        break;
      case 2:
        list_ = reader.message(readListOptions);
        break;
      case 3:
        options_ = reader.message(readDeleteOptions);
        break;
      default:
        reader.skip();
    }
  }
  return { target: target_, list: list_, options: options_ };
}

export const DeleteCollectionRequest: Codec<DeleteCollectionRequestInit, DeleteCollectionRequest> = {
  encode(message) {
    const writer = new WireWriter();
    writeDeleteCollectionRequest(writer, message);
    return writer.finish();
  },
  decode: (bytes) => readDeleteCollectionRequest(new WireReader(bytes)),
};

export interface VersionRequest {
}

export interface VersionRequestInit {
}

function writeVersionRequest(writer: WireWriter, message: VersionRequestInit): void {
  void writer;
  void message;
}

function readVersionRequest(reader: WireReader): VersionRequest {
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    reader.skip();
  }
  return {  };
}

export const VersionRequest: Codec<VersionRequestInit, VersionRequest> = {
  encode(message) {
    const writer = new WireWriter();
    writeVersionRequest(writer, message);
    return writer.finish();
  },
  decode: (bytes) => readVersionRequest(new WireReader(bytes)),
};

export interface VersionReply {
  readonly gitVersion: string;
  readonly wheelhouseVersion: string;
  readonly store: string;
}

export interface VersionReplyInit {
  readonly gitVersion?: string | undefined;
  readonly wheelhouseVersion?: string | undefined;
  readonly store?: string | undefined;
}

function writeVersionReply(writer: WireWriter, message: VersionReplyInit): void {
  if (message.gitVersion) writer.string(1, message.gitVersion);
  if (message.wheelhouseVersion) writer.string(2, message.wheelhouseVersion);
  if (message.store) writer.string(3, message.store);
}

function readVersionReply(reader: WireReader): VersionReply {
  let gitVersion_: string = '';
  let wheelhouseVersion_: string = '';
  let store_: string = '';
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    switch (field) {
      case 1:
        gitVersion_ = reader.string();
        break;
      case 2:
        wheelhouseVersion_ = reader.string();
        break;
      case 3:
        store_ = reader.string();
        break;
      default:
        reader.skip();
    }
  }
  return { gitVersion: gitVersion_, wheelhouseVersion: wheelhouseVersion_, store: store_ };
}

export const VersionReply: Codec<VersionReplyInit, VersionReply> = {
  encode(message) {
    const writer = new WireWriter();
    writeVersionReply(writer, message);
    return writer.finish();
  },
  decode: (bytes) => readVersionReply(new WireReader(bytes)),
};

export interface ResourcesRequest {
}

export interface ResourcesRequestInit {
}

function writeResourcesRequest(writer: WireWriter, message: ResourcesRequestInit): void {
  void writer;
  void message;
}

function readResourcesRequest(reader: WireReader): ResourcesRequest {
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    reader.skip();
  }
  return {  };
}

export const ResourcesRequest: Codec<ResourcesRequestInit, ResourcesRequest> = {
  encode(message) {
    const writer = new WireWriter();
    writeResourcesRequest(writer, message);
    return writer.finish();
  },
  decode: (bytes) => readResourcesRequest(new WireReader(bytes)),
};

export interface ResourcesReply {
  readonly json: Buffer;
}

export interface ResourcesReplyInit {
  readonly json?: Buffer | undefined;
}

function writeResourcesReply(writer: WireWriter, message: ResourcesReplyInit): void {
  if (message.json && message.json.length > 0) writer.bytes(1, message.json);
}

function readResourcesReply(reader: WireReader): ResourcesReply {
  let json_: Buffer = noBytes;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    switch (field) {
      case 1:
        json_ = reader.bytes();
        break;
      default:
        reader.skip();
    }
  }
  return { json: json_ };
}

export const ResourcesReply: Codec<ResourcesReplyInit, ResourcesReply> = {
  encode(message) {
    const writer = new WireWriter();
    writeResourcesReply(writer, message);
    return writer.finish();
  },
  decode: (bytes) => readResourcesReply(new WireReader(bytes)),
};

export interface OpenApiRequest {
  readonly path: string;
}

export interface OpenApiRequestInit {
  readonly path?: string | undefined;
}

function writeOpenApiRequest(writer: WireWriter, message: OpenApiRequestInit): void {
  if (message.path) writer.string(1, message.path);
}

function readOpenApiRequest(reader: WireReader): OpenApiRequest {
  let path_: string = '';
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    switch (field) {
      case 1:
        path_ = reader.string();
        break;
      default:
        reader.skip();
    }
  }
  return { path: path_ };
}

export const OpenApiRequest: Codec<OpenApiRequestInit, OpenApiRequest> = {
  encode(message) {
    const writer = new WireWriter();
    writeOpenApiRequest(writer, message);
    return writer.finish();
  },
  decode: (bytes) => readOpenApiRequest(new WireReader(bytes)),
};

export interface OpenApiReply {
  readonly json: Buffer;
}

export interface OpenApiReplyInit {
  readonly json?: Buffer | undefined;
}

function writeOpenApiReply(writer: WireWriter, message: OpenApiReplyInit): void {
  if (message.json && message.json.length > 0) writer.bytes(1, message.json);
}

function readOpenApiReply(reader: WireReader): OpenApiReply {
  let json_: Buffer = noBytes;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    switch (field) {
      case 1:
        json_ = reader.bytes();
        break;
      default:
        reader.skip();
    }
  }
  return { json: json_ };
}

export const OpenApiReply: Codec<OpenApiReplyInit, OpenApiReply> = {
  encode(message) {
    const writer = new WireWriter();
    writeOpenApiReply(writer, message);
    return writer.finish();
  },
  decode: (bytes) => readOpenApiReply(new WireReader(bytes)),
};

export interface LogsOptions {
  readonly follow: boolean;
  readonly previous: boolean;
  readonly tailLines: number | undefined;
  readonly sinceSeconds: number | undefined;
  readonly sinceTime: string;
  readonly timestamps: boolean;
  readonly limitBytes: number | undefined;
  readonly stream: string;
}

export interface LogsOptionsInit {
  readonly follow?: boolean | undefined;
  readonly previous?: boolean | undefined;
  readonly tailLines?: number | undefined | undefined;
  readonly sinceSeconds?: number | undefined | undefined;
  readonly sinceTime?: string | undefined;
  readonly timestamps?: boolean | undefined;
  readonly limitBytes?: number | undefined | undefined;
  readonly stream?: string | undefined;
}

function writeLogsOptions(writer: WireWriter, message: LogsOptionsInit): void {
  if (message.follow) writer.bool(1, message.follow);
  if (message.previous) writer.bool(2, message.previous);
  if (message.tailLines !== undefined) writer.signed(3, message.tailLines);
  if (message.sinceSeconds !== undefined) writer.signed(4, message.sinceSeconds);
  if (message.sinceTime) writer.string(5, message.sinceTime);
  if (message.timestamps) writer.bool(6, message.timestamps);
  if (message.limitBytes !== undefined) writer.signed(7, message.limitBytes);
  if (message.stream) writer.string(8, message.stream);
}

function readLogsOptions(reader: WireReader): LogsOptions {
  let follow_: boolean = false;
  let previous_: boolean = false;
  let tailLines_: number | undefined = undefined;
  let sinceSeconds_: number | undefined = undefined;
  let sinceTime_: string = '';
  let timestamps_: boolean = false;
  let limitBytes_: number | undefined = undefined;
  let stream_: string = '';
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    switch (field) {
      case 1:
        follow_ = reader.bool();
        break;
      case 2:
        previous_ = reader.bool();
        break;
      case 3:
        tailLines_ = reader.signed();
        break;
      case 4:
        sinceSeconds_ = reader.signed();
        break;
      case 5:
        sinceTime_ = reader.string();
        break;
      case 6:
        timestamps_ = reader.bool();
        break;
      case 7:
        limitBytes_ = reader.signed();
        break;
      case 8:
        stream_ = reader.string();
        break;
      default:
        reader.skip();
    }
  }
  return { follow: follow_, previous: previous_, tailLines: tailLines_, sinceSeconds: sinceSeconds_, sinceTime: sinceTime_, timestamps: timestamps_, limitBytes: limitBytes_, stream: stream_ };
}

export const LogsOptions: Codec<LogsOptionsInit, LogsOptions> = {
  encode(message) {
    const writer = new WireWriter();
    writeLogsOptions(writer, message);
    return writer.finish();
  },
  decode: (bytes) => readLogsOptions(new WireReader(bytes)),
};

export interface LogsRequest {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly options: LogsOptions | undefined;
}

export interface LogsRequestInit {
  readonly namespace?: string | undefined;
  readonly pod?: string | undefined;
  readonly container?: string | undefined;
  readonly options?: LogsOptionsInit | undefined | undefined;
}

function writeLogsRequest(writer: WireWriter, message: LogsRequestInit): void {
  if (message.namespace) writer.string(1, message.namespace);
  if (message.pod) writer.string(2, message.pod);
  if (message.container) writer.string(3, message.container);
  if (message.options !== undefined) writer.message(4, message.options, writeLogsOptions);
}

function readLogsRequest(reader: WireReader): LogsRequest {
  let namespace_: string = '';
  let pod_: string = '';
  let container_: string = '';
  let options_: LogsOptions | undefined = undefined;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    switch (field) {
      case 1:
        namespace_ = reader.string();
        break;
      case 2:
        pod_ = reader.string();
        break;
      case 3:
        container_ = reader.string();
        break;
      case 4:
        options_ = reader.message(readLogsOptions);
        break;
      default:
        reader.skip();
    }
  }
  return { namespace: namespace_, pod: pod_, container: container_, options: options_ };
}

export const LogsRequest: Codec<LogsRequestInit, LogsRequest> = {
  encode(message) {
    const writer = new WireWriter();
    writeLogsRequest(writer, message);
    return writer.finish();
  },
  decode: (bytes) => readLogsRequest(new WireReader(bytes)),
};

export interface LogsChunk {
  readonly data: Buffer;
}

export interface LogsChunkInit {
  readonly data?: Buffer | undefined;
}

function writeLogsChunk(writer: WireWriter, message: LogsChunkInit): void {
  if (message.data && message.data.length > 0) writer.bytes(1, message.data);
}

function readLogsChunk(reader: WireReader): LogsChunk {
  let data_: Buffer = noBytes;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    switch (field) {
      case 1:
        data_ = reader.bytes();
        break;
      default:
        reader.skip();
    }
  }
  return { data: data_ };
}

export const LogsChunk: Codec<LogsChunkInit, LogsChunk> = {
  encode(message) {
    const writer = new WireWriter();
    writeLogsChunk(writer, message);
    return writer.finish();
  },
  decode: (bytes) => readLogsChunk(new WireReader(bytes)),
};

export interface StreamOpen {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly command: readonly string[];
  readonly tty: boolean;
  readonly stdin: boolean;
  readonly port: number;
}

export interface StreamOpenInit {
  readonly namespace?: string | undefined;
  readonly pod?: string | undefined;
  readonly container?: string | undefined;
  readonly command?: readonly string[] | undefined;
  readonly tty?: boolean | undefined;
  readonly stdin?: boolean | undefined;
  readonly port?: number | undefined;
}

function writeStreamOpen(writer: WireWriter, message: StreamOpenInit): void {
  if (message.namespace) writer.string(1, message.namespace);
  if (message.pod) writer.string(2, message.pod);
  if (message.container) writer.string(3, message.container);
  if (message.command) for (const item of message.command) writer.string(4, item);
  if (message.tty) writer.bool(5, message.tty);
  if (message.stdin) writer.bool(6, message.stdin);
  if (message.port) writer.unsigned(7, message.port);
}

function readStreamOpen(reader: WireReader): StreamOpen {
  let namespace_: string = '';
  let pod_: string = '';
  let container_: string = '';
  const command_: string[] = [];
  let tty_: boolean = false;
  let stdin_: boolean = false;
  let port_: number = 0;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    switch (field) {
      case 1:
        namespace_ = reader.string();
        break;
      case 2:
        pod_ = reader.string();
        break;
      case 3:
        container_ = reader.string();
        break;
      case 4:
        command_.push(reader.string());
        break;
      case 5:
        tty_ = reader.bool();
        break;
      case 6:
        stdin_ = reader.bool();
        break;
      case 7:
        port_ = reader.unsigned();
        break;
      default:
        reader.skip();
    }
  }
  return { namespace: namespace_, pod: pod_, container: container_, command: command_, tty: tty_, stdin: stdin_, port: port_ };
}

export const StreamOpen: Codec<StreamOpenInit, StreamOpen> = {
  encode(message) {
    const writer = new WireWriter();
    writeStreamOpen(writer, message);
    return writer.finish();
  },
  decode: (bytes) => readStreamOpen(new WireReader(bytes)),
};

export interface Resize {
  readonly columns: number;
  readonly rows: number;
}

export interface ResizeInit {
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
}

function writeResize(writer: WireWriter, message: ResizeInit): void {
  if (message.columns) writer.unsigned(1, message.columns);
  if (message.rows) writer.unsigned(2, message.rows);
}

function readResize(reader: WireReader): Resize {
  let columns_: number = 0;
  let rows_: number = 0;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    switch (field) {
      case 1:
        columns_ = reader.unsigned();
        break;
      case 2:
        rows_ = reader.unsigned();
        break;
      default:
        reader.skip();
    }
  }
  return { columns: columns_, rows: rows_ };
}

export const Resize: Codec<ResizeInit, Resize> = {
  encode(message) {
    const writer = new WireWriter();
    writeResize(writer, message);
    return writer.finish();
  },
  decode: (bytes) => readResize(new WireReader(bytes)),
};

export interface StreamInput {
  readonly kind: StreamInputCase | undefined;
}

export interface StreamInputInit {
  readonly kind?: StreamInputCaseInit | undefined;
}

export type StreamInputCase =
  | { readonly case: 'open'; readonly value: StreamOpen }
  | { readonly case: 'stdin'; readonly value: Buffer }
  | { readonly case: 'resize'; readonly value: Resize }
  | { readonly case: 'stdinClosed'; readonly value: boolean }
;

export type StreamInputCaseInit =
  | { readonly case: 'open'; readonly value: StreamOpenInit }
  | { readonly case: 'stdin'; readonly value: Buffer }
  | { readonly case: 'resize'; readonly value: ResizeInit }
  | { readonly case: 'stdinClosed'; readonly value: boolean }
;

function writeStreamInput(writer: WireWriter, message: StreamInputInit): void {
  switch (message.kind?.case) {
    case 'open':
      writer.message(1, message.kind.value, writeStreamOpen);
      break;
    case 'stdin':
      writer.bytes(2, message.kind.value);
      break;
    case 'resize':
      writer.message(3, message.kind.value, writeResize);
      break;
    case 'stdinClosed':
      writer.bool(4, message.kind.value);
      break;
  }
}

function readStreamInput(reader: WireReader): StreamInput {
  let kind_: StreamInputCase | undefined;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    switch (field) {
      case 1:
        kind_ = { case: 'open', value: reader.message(readStreamOpen) };
        break;
      case 2:
        kind_ = { case: 'stdin', value: reader.bytes() };
        break;
      case 3:
        kind_ = { case: 'resize', value: reader.message(readResize) };
        break;
      case 4:
        kind_ = { case: 'stdinClosed', value: reader.bool() };
        break;
      default:
        reader.skip();
    }
  }
  return { kind: kind_ };
}

export const StreamInput: Codec<StreamInputInit, StreamInput> = {
  encode(message) {
    const writer = new WireWriter();
    writeStreamInput(writer, message);
    return writer.finish();
  },
  decode: (bytes) => readStreamInput(new WireReader(bytes)),
};

export interface StreamOutput {
  readonly kind: StreamOutputCase | undefined;
}

export interface StreamOutputInit {
  readonly kind?: StreamOutputCaseInit | undefined;
}

export type StreamOutputCase =
  | { readonly case: 'started'; readonly value: boolean }
  | { readonly case: 'stdout'; readonly value: Buffer }
  | { readonly case: 'stderr'; readonly value: Buffer }
  | { readonly case: 'stdoutClosed'; readonly value: boolean }
  | { readonly case: 'status'; readonly value: Buffer }
;

export type StreamOutputCaseInit =
  | { readonly case: 'started'; readonly value: boolean }
  | { readonly case: 'stdout'; readonly value: Buffer }
  | { readonly case: 'stderr'; readonly value: Buffer }
  | { readonly case: 'stdoutClosed'; readonly value: boolean }
  | { readonly case: 'status'; readonly value: Buffer }
;

function writeStreamOutput(writer: WireWriter, message: StreamOutputInit): void {
  switch (message.kind?.case) {
    case 'started':
      writer.bool(1, message.kind.value);
      break;
    case 'stdout':
      writer.bytes(2, message.kind.value);
      break;
    case 'stderr':
      writer.bytes(3, message.kind.value);
      break;
    case 'stdoutClosed':
      writer.bool(4, message.kind.value);
      break;
    case 'status':
      writer.bytes(5, message.kind.value);
      break;
  }
}

function readStreamOutput(reader: WireReader): StreamOutput {
  let kind_: StreamOutputCase | undefined;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    switch (field) {
      case 1:
        kind_ = { case: 'started', value: reader.bool() };
        break;
      case 2:
        kind_ = { case: 'stdout', value: reader.bytes() };
        break;
      case 3:
        kind_ = { case: 'stderr', value: reader.bytes() };
        break;
      case 4:
        kind_ = { case: 'stdoutClosed', value: reader.bool() };
        break;
      case 5:
        kind_ = { case: 'status', value: reader.bytes() };
        break;
      default:
        reader.skip();
    }
  }
  return { kind: kind_ };
}

export const StreamOutput: Codec<StreamOutputInit, StreamOutput> = {
  encode(message) {
    const writer = new WireWriter();
    writeStreamOutput(writer, message);
    return writer.finish();
  },
  decode: (bytes) => readStreamOutput(new WireReader(bytes)),
};

export interface AgentFrame {
  readonly session: number;
  readonly kind: AgentFrameCase | undefined;
}

export interface AgentFrameInit {
  readonly session?: number | undefined;
  readonly kind?: AgentFrameCaseInit | undefined;
}

export type AgentFrameCase =
  | { readonly case: 'hello'; readonly value: AgentHello }
  | { readonly case: 'welcome'; readonly value: CoreHello }
  | { readonly case: 'open'; readonly value: SessionOpen }
  | { readonly case: 'started'; readonly value: boolean }
  | { readonly case: 'data'; readonly value: SessionData }
  | { readonly case: 'window'; readonly value: SessionWindow }
  | { readonly case: 'endOfChannel'; readonly value: number }
  | { readonly case: 'resize'; readonly value: Resize }
  | { readonly case: 'close'; readonly value: Buffer }
;

export type AgentFrameCaseInit =
  | { readonly case: 'hello'; readonly value: AgentHelloInit }
  | { readonly case: 'welcome'; readonly value: CoreHelloInit }
  | { readonly case: 'open'; readonly value: SessionOpenInit }
  | { readonly case: 'started'; readonly value: boolean }
  | { readonly case: 'data'; readonly value: SessionDataInit }
  | { readonly case: 'window'; readonly value: SessionWindowInit }
  | { readonly case: 'endOfChannel'; readonly value: number }
  | { readonly case: 'resize'; readonly value: ResizeInit }
  | { readonly case: 'close'; readonly value: Buffer }
;

function writeAgentFrame(writer: WireWriter, message: AgentFrameInit): void {
  if (message.session) writer.unsigned(1, message.session);
  switch (message.kind?.case) {
    case 'hello':
      writer.message(2, message.kind.value, writeAgentHello);
      break;
    case 'welcome':
      writer.message(3, message.kind.value, writeCoreHello);
      break;
    case 'open':
      writer.message(4, message.kind.value, writeSessionOpen);
      break;
    case 'started':
      writer.bool(5, message.kind.value);
      break;
    case 'data':
      writer.message(6, message.kind.value, writeSessionData);
      break;
    case 'window':
      writer.message(7, message.kind.value, writeSessionWindow);
      break;
    case 'endOfChannel':
      writer.unsigned(8, message.kind.value);
      break;
    case 'resize':
      writer.message(9, message.kind.value, writeResize);
      break;
    case 'close':
      writer.bytes(10, message.kind.value);
      break;
  }
}

function readAgentFrame(reader: WireReader): AgentFrame {
  let session_: number = 0;
  let kind_: AgentFrameCase | undefined;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    switch (field) {
      case 1:
        session_ = reader.unsigned();
        break;
      case 2:
        kind_ = { case: 'hello', value: reader.message(readAgentHello) };
        break;
      case 3:
        kind_ = { case: 'welcome', value: reader.message(readCoreHello) };
        break;
      case 4:
        kind_ = { case: 'open', value: reader.message(readSessionOpen) };
        break;
      case 5:
        kind_ = { case: 'started', value: reader.bool() };
        break;
      case 6:
        kind_ = { case: 'data', value: reader.message(readSessionData) };
        break;
      case 7:
        kind_ = { case: 'window', value: reader.message(readSessionWindow) };
        break;
      case 8:
        kind_ = { case: 'endOfChannel', value: reader.unsigned() };
        break;
      case 9:
        kind_ = { case: 'resize', value: reader.message(readResize) };
        break;
      case 10:
        kind_ = { case: 'close', value: reader.bytes() };
        break;
      default:
        reader.skip();
    }
  }
  return { session: session_, kind: kind_ };
}

export const AgentFrame: Codec<AgentFrameInit, AgentFrame> = {
  encode(message) {
    const writer = new WireWriter();
    writeAgentFrame(writer, message);
    return writer.finish();
  },
  decode: (bytes) => readAgentFrame(new WireReader(bytes)),
};

export interface AgentHello {
  readonly node: string;
  readonly instance: string;
  readonly version: string;
}

export interface AgentHelloInit {
  readonly node?: string | undefined;
  readonly instance?: string | undefined;
  readonly version?: string | undefined;
}

function writeAgentHello(writer: WireWriter, message: AgentHelloInit): void {
  if (message.node) writer.string(1, message.node);
  if (message.instance) writer.string(2, message.instance);
  if (message.version) writer.string(3, message.version);
}

function readAgentHello(reader: WireReader): AgentHello {
  let node_: string = '';
  let instance_: string = '';
  let version_: string = '';
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    switch (field) {
      case 1:
        node_ = reader.string();
        break;
      case 2:
        instance_ = reader.string();
        break;
      case 3:
        version_ = reader.string();
        break;
      default:
        reader.skip();
    }
  }
  return { node: node_, instance: instance_, version: version_ };
}

export const AgentHello: Codec<AgentHelloInit, AgentHello> = {
  encode(message) {
    const writer = new WireWriter();
    writeAgentHello(writer, message);
    return writer.finish();
  },
  decode: (bytes) => readAgentHello(new WireReader(bytes)),
};

export interface CoreHello {
  readonly instance: string;
  readonly version: string;
}

export interface CoreHelloInit {
  readonly instance?: string | undefined;
  readonly version?: string | undefined;
}

function writeCoreHello(writer: WireWriter, message: CoreHelloInit): void {
  if (message.instance) writer.string(1, message.instance);
  if (message.version) writer.string(2, message.version);
}

function readCoreHello(reader: WireReader): CoreHello {
  let instance_: string = '';
  let version_: string = '';
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    switch (field) {
      case 1:
        instance_ = reader.string();
        break;
      case 2:
        version_ = reader.string();
        break;
      default:
        reader.skip();
    }
  }
  return { instance: instance_, version: version_ };
}

export const CoreHello: Codec<CoreHelloInit, CoreHello> = {
  encode(message) {
    const writer = new WireWriter();
    writeCoreHello(writer, message);
    return writer.finish();
  },
  decode: (bytes) => readCoreHello(new WireReader(bytes)),
};

export interface SessionOpen {
  readonly namespace: string;
  readonly pod: string;
  readonly podUid: string;
  readonly container: string;
  readonly kind: SessionOpenCase | undefined;
}

export interface SessionOpenInit {
  readonly namespace?: string | undefined;
  readonly pod?: string | undefined;
  readonly podUid?: string | undefined;
  readonly container?: string | undefined;
  readonly kind?: SessionOpenCaseInit | undefined;
}

export type SessionOpenCase =
  | { readonly case: 'logs'; readonly value: LogsOptions }
  | { readonly case: 'exec'; readonly value: ProcessOptions }
  | { readonly case: 'attach'; readonly value: ProcessOptions }
  | { readonly case: 'portForward'; readonly value: number }
  | { readonly case: 'stats'; readonly value: boolean }
  | { readonly case: 'kubelet'; readonly value: boolean }
;

export type SessionOpenCaseInit =
  | { readonly case: 'logs'; readonly value: LogsOptionsInit }
  | { readonly case: 'exec'; readonly value: ProcessOptionsInit }
  | { readonly case: 'attach'; readonly value: ProcessOptionsInit }
  | { readonly case: 'portForward'; readonly value: number }
  | { readonly case: 'stats'; readonly value: boolean }
  | { readonly case: 'kubelet'; readonly value: boolean }
;

function writeSessionOpen(writer: WireWriter, message: SessionOpenInit): void {
  if (message.namespace) writer.string(1, message.namespace);
  if (message.pod) writer.string(2, message.pod);
  if (message.podUid) writer.string(3, message.podUid);
  if (message.container) writer.string(4, message.container);
  switch (message.kind?.case) {
    case 'logs':
      writer.message(5, message.kind.value, writeLogsOptions);
      break;
    case 'exec':
      writer.message(6, message.kind.value, writeProcessOptions);
      break;
    case 'attach':
      writer.message(7, message.kind.value, writeProcessOptions);
      break;
    case 'portForward':
      writer.unsigned(8, message.kind.value);
      break;
    case 'stats':
      writer.bool(9, message.kind.value);
      break;
    case 'kubelet':
      writer.bool(10, message.kind.value);
      break;
  }
}

function readSessionOpen(reader: WireReader): SessionOpen {
  let namespace_: string = '';
  let pod_: string = '';
  let podUid_: string = '';
  let container_: string = '';
  let kind_: SessionOpenCase | undefined;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    switch (field) {
      case 1:
        namespace_ = reader.string();
        break;
      case 2:
        pod_ = reader.string();
        break;
      case 3:
        podUid_ = reader.string();
        break;
      case 4:
        container_ = reader.string();
        break;
      case 5:
        kind_ = { case: 'logs', value: reader.message(readLogsOptions) };
        break;
      case 6:
        kind_ = { case: 'exec', value: reader.message(readProcessOptions) };
        break;
      case 7:
        kind_ = { case: 'attach', value: reader.message(readProcessOptions) };
        break;
      case 8:
        kind_ = { case: 'portForward', value: reader.unsigned() };
        break;
      case 9:
        kind_ = { case: 'stats', value: reader.bool() };
        break;
      case 10:
        kind_ = { case: 'kubelet', value: reader.bool() };
        break;
      default:
        reader.skip();
    }
  }
  return { namespace: namespace_, pod: pod_, podUid: podUid_, container: container_, kind: kind_ };
}

export const SessionOpen: Codec<SessionOpenInit, SessionOpen> = {
  encode(message) {
    const writer = new WireWriter();
    writeSessionOpen(writer, message);
    return writer.finish();
  },
  decode: (bytes) => readSessionOpen(new WireReader(bytes)),
};

export interface ProcessOptions {
  readonly command: readonly string[];
  readonly tty: boolean;
  readonly stdin: boolean;
}

export interface ProcessOptionsInit {
  readonly command?: readonly string[] | undefined;
  readonly tty?: boolean | undefined;
  readonly stdin?: boolean | undefined;
}

function writeProcessOptions(writer: WireWriter, message: ProcessOptionsInit): void {
  if (message.command) for (const item of message.command) writer.string(1, item);
  if (message.tty) writer.bool(2, message.tty);
  if (message.stdin) writer.bool(3, message.stdin);
}

function readProcessOptions(reader: WireReader): ProcessOptions {
  const command_: string[] = [];
  let tty_: boolean = false;
  let stdin_: boolean = false;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    switch (field) {
      case 1:
        command_.push(reader.string());
        break;
      case 2:
        tty_ = reader.bool();
        break;
      case 3:
        stdin_ = reader.bool();
        break;
      default:
        reader.skip();
    }
  }
  return { command: command_, tty: tty_, stdin: stdin_ };
}

export const ProcessOptions: Codec<ProcessOptionsInit, ProcessOptions> = {
  encode(message) {
    const writer = new WireWriter();
    writeProcessOptions(writer, message);
    return writer.finish();
  },
  decode: (bytes) => readProcessOptions(new WireReader(bytes)),
};

export interface SessionData {
  readonly channel: number;
  readonly data: Buffer;
}

export interface SessionDataInit {
  readonly channel?: number | undefined;
  readonly data?: Buffer | undefined;
}

function writeSessionData(writer: WireWriter, message: SessionDataInit): void {
  if (message.channel) writer.unsigned(1, message.channel);
  if (message.data && message.data.length > 0) writer.bytes(2, message.data);
}

function readSessionData(reader: WireReader): SessionData {
  let channel_: number = 0;
  let data_: Buffer = noBytes;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    switch (field) {
      case 1:
        channel_ = reader.unsigned();
        break;
      case 2:
        data_ = reader.bytes();
        break;
      default:
        reader.skip();
    }
  }
  return { channel: channel_, data: data_ };
}

export const SessionData: Codec<SessionDataInit, SessionData> = {
  encode(message) {
    const writer = new WireWriter();
    writeSessionData(writer, message);
    return writer.finish();
  },
  decode: (bytes) => readSessionData(new WireReader(bytes)),
};

export interface SessionWindow {
  readonly channel: number;
  readonly bytes: number;
}

export interface SessionWindowInit {
  readonly channel?: number | undefined;
  readonly bytes?: number | undefined;
}

function writeSessionWindow(writer: WireWriter, message: SessionWindowInit): void {
  if (message.channel) writer.unsigned(1, message.channel);
  if (message.bytes) writer.unsigned(2, message.bytes);
}

function readSessionWindow(reader: WireReader): SessionWindow {
  let channel_: number = 0;
  let bytes_: number = 0;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    switch (field) {
      case 1:
        channel_ = reader.unsigned();
        break;
      case 2:
        bytes_ = reader.unsigned();
        break;
      default:
        reader.skip();
    }
  }
  return { channel: channel_, bytes: bytes_ };
}

export const SessionWindow: Codec<SessionWindowInit, SessionWindow> = {
  encode(message) {
    const writer = new WireWriter();
    writeSessionWindow(writer, message);
    return writer.finish();
  },
  decode: (bytes) => readSessionWindow(new WireReader(bytes)),
};

export const Objects: {
  readonly get: WireMethod<GetRequestInit, GetRequest, ApiObjectInit, ApiObject>;
  readonly list: WireMethod<ListRequestInit, ListRequest, ListChunkInit, ListChunk>;
  readonly watch: WireMethod<WatchRequestInit, WatchRequest, WatchBatchInit, WatchBatch>;
  readonly create: WireMethod<WriteRequestInit, WriteRequest, ApiObjectInit, ApiObject>;
  readonly update: WireMethod<WriteRequestInit, WriteRequest, ApiObjectInit, ApiObject>;
  readonly patch: WireMethod<PatchRequestInit, PatchRequest, ApiObjectInit, ApiObject>;
  readonly delete: WireMethod<DeleteRequestInit, DeleteRequest, DeleteReplyInit, DeleteReply>;
  readonly deleteCollection: WireMethod<DeleteCollectionRequestInit, DeleteCollectionRequest, ListChunkInit, ListChunk>;
} = {
  get: {
    path: '/wheelhouse.v1.Objects/Get',
    requestStream: false,
    responseStream: false,
    request: GetRequest,
    reply: ApiObject,
  },
  list: {
    path: '/wheelhouse.v1.Objects/List',
    requestStream: false,
    responseStream: true,
    request: ListRequest,
    reply: ListChunk,
  },
  watch: {
    path: '/wheelhouse.v1.Objects/Watch',
    requestStream: false,
    responseStream: true,
    request: WatchRequest,
    reply: WatchBatch,
  },
  create: {
    path: '/wheelhouse.v1.Objects/Create',
    requestStream: false,
    responseStream: false,
    request: WriteRequest,
    reply: ApiObject,
  },
  update: {
    path: '/wheelhouse.v1.Objects/Update',
    requestStream: false,
    responseStream: false,
    request: WriteRequest,
    reply: ApiObject,
  },
  patch: {
    path: '/wheelhouse.v1.Objects/Patch',
    requestStream: false,
    responseStream: false,
    request: PatchRequest,
    reply: ApiObject,
  },
  delete: {
    path: '/wheelhouse.v1.Objects/Delete',
    requestStream: false,
    responseStream: false,
    request: DeleteRequest,
    reply: DeleteReply,
  },
  deleteCollection: {
    path: '/wheelhouse.v1.Objects/DeleteCollection',
    requestStream: false,
    responseStream: true,
    request: DeleteCollectionRequest,
    reply: ListChunk,
  },
};

export const Discovery: {
  readonly version: WireMethod<VersionRequestInit, VersionRequest, VersionReplyInit, VersionReply>;
  readonly resources: WireMethod<ResourcesRequestInit, ResourcesRequest, ResourcesReplyInit, ResourcesReply>;
  readonly openApi: WireMethod<OpenApiRequestInit, OpenApiRequest, OpenApiReplyInit, OpenApiReply>;
} = {
  version: {
    path: '/wheelhouse.v1.Discovery/Version',
    requestStream: false,
    responseStream: false,
    request: VersionRequest,
    reply: VersionReply,
  },
  resources: {
    path: '/wheelhouse.v1.Discovery/Resources',
    requestStream: false,
    responseStream: false,
    request: ResourcesRequest,
    reply: ResourcesReply,
  },
  openApi: {
    path: '/wheelhouse.v1.Discovery/OpenApi',
    requestStream: false,
    responseStream: false,
    request: OpenApiRequest,
    reply: OpenApiReply,
  },
};

export const Containers: {
  readonly logs: WireMethod<LogsRequestInit, LogsRequest, LogsChunkInit, LogsChunk>;
  readonly exec: WireMethod<StreamInputInit, StreamInput, StreamOutputInit, StreamOutput>;
  readonly attach: WireMethod<StreamInputInit, StreamInput, StreamOutputInit, StreamOutput>;
  readonly portForward: WireMethod<StreamInputInit, StreamInput, StreamOutputInit, StreamOutput>;
} = {
  logs: {
    path: '/wheelhouse.v1.Containers/Logs',
    requestStream: false,
    responseStream: true,
    request: LogsRequest,
    reply: LogsChunk,
  },
  exec: {
    path: '/wheelhouse.v1.Containers/Exec',
    requestStream: true,
    responseStream: true,
    request: StreamInput,
    reply: StreamOutput,
  },
  attach: {
    path: '/wheelhouse.v1.Containers/Attach',
    requestStream: true,
    responseStream: true,
    request: StreamInput,
    reply: StreamOutput,
  },
  portForward: {
    path: '/wheelhouse.v1.Containers/PortForward',
    requestStream: true,
    responseStream: true,
    request: StreamInput,
    reply: StreamOutput,
  },
};

export const Agents: {
  readonly connect: WireMethod<AgentFrameInit, AgentFrame, AgentFrameInit, AgentFrame>;
} = {
  connect: {
    path: '/wheelhouse.v1.Agents/Connect',
    requestStream: true,
    responseStream: true,
    request: AgentFrame,
    reply: AgentFrame,
  },
};
