/** YAML as kubectl reads and writes it. */
export { readDocuments, type ReadDocument, type ReadOptions } from './yaml/read-documents.ts';
export { YamlError, type Position } from './yaml/yaml-error.ts';
export { writeYaml } from './yaml/write-yaml.ts';
