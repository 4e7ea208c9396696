import type { BuildAppOptions, buildApp } from 'fauxqs';
import { region } from '../account.ts';

type Stores = NonNullable<BuildAppOptions['stores']>;
type Store = Stores['s3Store'];
type Engine = ReturnType<typeof buildApp>;

/** The largest object that S3 takes in one request. */
const largestPut = 5 * 2 ** 30;

/** An S3 in memory that does not listen yet. */
export async function openEngine() {
  // Takes a tenth of a second, in which others may start as well.
  const { buildApp } = await import('fauxqs');
  const store = await openStore();
  const stores = { s3Store: store } as Stores; // the engine makes those that it is not given
  const engine = buildApp({ logger: false, defaultRegion: region, stores });
  takeLargeBodies(engine);
  keepConditions(engine, store);
  await engine.ready();
  return engine;
}

/**
 * S3 lists in the order of the keys' bytes. The engine sorts as dictionaries do, but goes on after a key by its bytes:
 * whatever lies between the two orders would be left out at the end of a page.
 */
async function openStore(): Promise<Store> {
  const module = await import(new URL('s3/s3Store.js', import.meta.resolve('fauxqs')).href);
  const store: Store = new module.S3Store();
  const listAll = store.listObjects.bind(store);
  store.listObjects = (bucket, { maxKeys = 1_000, startAfter, marker, ...options } = {}) => {
    const after = startAfter ?? marker ?? '';
    const all = listAll(bucket, { ...options, maxKeys: Number.POSITIVE_INFINITY });
    const entries = [
      ...all.objects.map((object) => ({ name: object.key, object })),
      ...all.commonPrefixes.map((name) => ({ name, object: undefined })),
    ];
    const rest = entries.filter(({ name }) => name > after).sort((a, b) => (a.name < b.name ? -1 : 1));
    const page = rest.slice(0, maxKeys);
    return {
      objects: page.flatMap(({ object }) => object ?? []),
      commonPrefixes: page.flatMap(({ name, object }) => (object ? [] : name)),
      isTruncated: page.length < rest.length,
    };
  };
  return store;
}

/** The engine by itself takes 11 MiB. */
function takeLargeBodies(engine: Engine): void {
  engine.removeContentTypeParser('*');
  const options = { parseAs: 'buffer', bodyLimit: largestPut } as const;
  engine.addContentTypeParser('*', options, (_request, body, done) => done(null, body));
}

/**
 * The engine by itself lets `If-Match` and `If-None-Match` be, and writes.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
 */
function keepConditions(engine: Engine, store: Store): void {
  engine.addHook('preHandler', ({ method, headers, params }, reply, done) => {
    const { 'if-match': wanted, 'if-none-match': unwanted } = headers;
    // By POST, an upload in parts is made whole.
    if (!['PUT', 'POST'].includes(method) || (wanted ?? unwanted) === undefined) return done();
    const { bucket = '', '*': key = '' } = params as Record<string, string>; // as its routes name them
    const there = etagOf(store, bucket, key);
    // S3 knows no other value than `*` for the latter.
    if (wanted === undefined ? there === undefined : there === wanted) return done();
    const isMissing = wanted !== undefined && there === undefined;
    const [status, code] = isMissing ? [404, 'NoSuchKey'] : [412, 'PreconditionFailed'];
    reply.code(status).type('application/xml').send(`<Error><Code>${code}</Code></Error>`);
  });
}

function etagOf(store: Store, bucket: string, key: string): string | undefined {
  try {
    return store.headObject(bucket, key).etag;
  } catch {
    return undefined;
  }
}
