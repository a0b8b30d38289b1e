import type { ArchiveLayer } from '../../activities/archive/index.js';
import type { Deployment } from '../../model/configuration.js';

/**
 * The layers that are archived, with their buckets; the lake first, since its generation must not look complete while
 * the other's has not begun.
 */
export function archiveLayers({ buckets }: Pick<Deployment, 'buckets'>): readonly ArchiveLayer[] {
  return [
    { name: 'lake', bucket: buckets.lake, archiveBucket: buckets.lakeArchive },
    { name: 'raw', bucket: buckets.raw, archiveBucket: buckets.rawArchive },
  ];
}

/** Stamp of a time: `yyyy-MM-dd'T'HH-mm-ss'Z'` in UTC. */
export function archiveStamp(time: Date): string {
  return `${time.toISOString().slice(0, 19).replaceAll(':', '-')}Z`;
}
