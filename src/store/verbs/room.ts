// Room for what strangers can make: what they hold together is measured now and then, and whoever holds most loses the
// oldest.

export interface Room<Key> {
  /** Bytes that are held. */
  measure(): Promise<number>
  /** Frees at least `excess` bytes, in at most `most` rows, and spares the newest. */
  free(freed: { readonly excess: number; readonly newest: Key; readonly most: number }): Promise<unknown>
}

/** Between two looks at most this many entries of 16 KiB are added. */
const MEASURE_EVERY = 200
/** Summing up all sizes is not cheap, so some extra room is made at once, and the next look finds nothing to do. */
const ROOM_MADE = 0.95
const MOST_DELETED = 20_000

/** To be called after each addition. */
export function keepRoom<Key>(room: Room<Key>): (newest: Key, totalBytes: number) => Promise<void> {
  let sinceMeasured = 0
  return async (newest, totalBytes) => {
    if (++sinceMeasured < MEASURE_EVERY) return
    sinceMeasured = 0
    const bytes = await room.measure()
    if (bytes <= totalBytes) return
    await room.free({ excess: Math.ceil(bytes - totalBytes * ROOM_MADE), newest, most: MOST_DELETED })
  }
}
