import { MemoryStore } from '../../core/storage/memory/store.ts';
import { storageCases } from './storage-cases.ts';

storageCases('memory', async () => new MemoryStore());
