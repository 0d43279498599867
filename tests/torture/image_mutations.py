"""Changes PNGs and JPEGs as who knows their structure can: checksums stay right."""

import struct
import zlib

import numpy as np
from byte_mutations import mutate

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"

_SIZES = (0, 1, 2, 255, 5000, 20_000, 65_500, 2**16, 2**27 + 1, 2**31 - 1, 2**32 - 1)


def png_chunks(content: bytes) -> list[tuple[bytes, bytes]]:
    """The chunks of a PNG that is whole: type and data."""
    chunks, offset = [], len(PNG_SIGNATURE)
    while offset < len(content):
        length, kind = struct.unpack_from(">I4s", content, offset)
        chunks.append((kind, content[offset + 8 : offset + 8 + length]))
        offset += 12 + length
    return chunks


def join_png(chunks: list[tuple[bytes, bytes]]) -> bytes:
    """A PNG of these chunks, with the checksums that they should have."""
    parts = [PNG_SIGNATURE]
    for kind, data in chunks:
        checksum = zlib.crc32(kind + data)
        parts.append(struct.pack(">I", len(data)) + kind + data)
        parts.append(struct.pack(">I", checksum))
    return b"".join(parts)


def mutate_png(content: bytes, random: np.random.Generator) -> tuple[str, bytes]:
    """Draws a change of a PNG's chunks; returns its name and the PNG."""
    chunks = png_chunks(content)
    name = str(random.choice(list(_PNG_MUTATIONS)))
    _PNG_MUTATIONS[name](chunks, random)
    return f"{name}, its checksum right", join_png(chunks)


def _png_size(chunks, random):
    size = list(struct.unpack(">II", chunks[0][1][:8]))
    for side in ([0], [1], [0, 1])[random.integers(3)]:
        size[side] = int(random.choice(_SIZES))
    chunks[0] = b"IHDR", struct.pack(">II", *size) + chunks[0][1][8:]


def _png_header(chunks, random):
    header = bytearray(chunks[0][1])
    header[random.integers(8, 13)] = random.choice([0, 1, 2, 3, 4, 6, 8, 16, 255])
    chunks[0] = b"IHDR", bytes(header)


def _chunk_data(chunks, random):
    number = random.integers(len(chunks))
    kind, data = chunks[number]
    padded = data if len(data) >= 16 else data + bytes(16)
    chunks[number] = kind, mutate(padded, random)[1]


def _drop_chunk(chunks, random):
    del chunks[random.integers(len(chunks))]


def _repeat_chunk(chunks, random):
    number = random.integers(len(chunks))
    chunks.insert(random.integers(len(chunks) + 1), chunks[number])


def _swap_chunks(chunks, random):
    one, other = random.integers(len(chunks), size=2)
    chunks[one], chunks[other] = chunks[other], chunks[one]


def _foreign_chunk(chunks, random):
    kind = bytes(random.choice([b"PLTE", b"tRNS", b"eXIf", b"iCCP", b"zTXt", b"iTXt"]))
    data = random.bytes(random.integers(0, 200))
    if kind == b"eXIf" and random.random() < 0.7:
        data = exif(random)
    if kind == b"zTXt" and random.random() < 0.5:
        # Of text that takes a thousand times as much when it is unpacked.
        data = b"Comment\0\0" + zlib.compress(bytes(2**26))
    if kind == b"iCCP" and random.random() < 0.5:
        data = b"profile\0\0" + zlib.compress(random.bytes(50))
    chunks.insert(random.integers(1, len(chunks)), (kind, data))


_PNG_MUTATIONS = {
    "size of a PNG": _png_size,
    "header of a PNG": _png_header,
    "data of a chunk": _chunk_data,
    "chunk left out": _drop_chunk,
    "chunk repeated": _repeat_chunk,
    "chunks swapped": _swap_chunks,
    "chunk put in": _foreign_chunk,
}


def exif(random: np.random.Generator) -> bytes:
    """What says of which camera a photograph is, with a strange orientation."""
    kind = int(random.integers(0, 14))
    count = int(random.choice([0, 1, 2, 3, 4, 2**31, 2**32 - 1]))
    value = int(random.choice([0, 1, 6, 8, 9, 2**16 - 1, 2**31, 2**32 - 1]))
    entry = struct.pack("<HHII", 0x0112, kind, count, value)
    following = int(random.choice([0, 8, 2**32 - 1]))
    directory = struct.pack("<H", random.choice([0, 1, 2, 65535])) + entry
    return b"II*\0\x08\0\0\0" + directory + struct.pack("<I", following)


def jpeg_segments(content: bytes) -> list[tuple[int, bytes]]:
    """The segments of a JPEG that is whole: marker, and what follows it.

    What follows a start of scan has the coded image with it, up to the next marker.
    """
    segments, offset = [(0xD8, b"")], 2
    while content[offset + 1] != 0xD9:
        marker = content[offset + 1]
        (length,) = struct.unpack_from(">H", content, offset + 2)
        end = offset + 2 + length
        if marker == 0xDA:
            while not (
                content[end] == 0xFF
                and content[end + 1] != 0
                and not 0xD0 <= content[end + 1] <= 0xD7
            ):
                end += 1
        segments.append((marker, content[offset + 4 : end]))
        offset = end
    return [*segments, (0xD9, b"")]


def join_jpeg(segments: list[tuple[int, bytes]]) -> bytes:
    """A JPEG of these segments, each with the length that it should have."""
    parts = []
    for marker, data in segments:
        parts.append(bytes([0xFF, marker]))
        if marker in (0xD8, 0xD9):
            continue
        # Of a scan, the length is of its header alone: components, two bytes each.
        header = 4 + 2 * data[0] if marker == 0xDA and data else len(data)
        parts.append(struct.pack(">H", min(header + 2, 0xFFFF)) + data)
    return b"".join(parts)


def mutate_jpeg(content: bytes, random: np.random.Generator) -> tuple[str, bytes]:
    """Draws a change of a JPEG's segments; returns its name and the JPEG."""
    segments = jpeg_segments(content)
    name = str(random.choice(list(_JPEG_MUTATIONS)))
    _JPEG_MUTATIONS[name](segments, random)
    return name, join_jpeg(segments)


def _frame(segments) -> int:
    """The segment with the size, the precision and the components."""
    return next(n for n, (marker, _) in enumerate(segments) if 0xC0 <= marker <= 0xC2)


def _scan(segments, random) -> int:
    scans = [n for n, (marker, _) in enumerate(segments) if marker == 0xDA]
    return int(random.choice(scans))


def _jpeg_size(segments, random):
    number = _frame(segments)
    marker, data = segments[number]
    size = list(struct.unpack(">HH", data[1:5]))
    for side in ([0], [1], [0, 1])[random.integers(3)]:
        size[side] = int(random.choice([size for size in _SIZES if size < 2**16]))
    segments[number] = marker, data[:1] + struct.pack(">HH", *size) + data[5:]


def _jpeg_frame(segments, random):
    number = _frame(segments)
    marker, data = segments[number]
    changed = bytearray(data)
    values = [0, 1, 2, 3, 4, 8, 12, 0x11, 0x22, 0x44, 0xFF]
    changed[random.integers(len(data))] = random.choice(values)
    marker = int(random.choice([marker, marker, 0xC0, 0xC1, 0xC2, 0xC3, 0xC9]))
    segments[number] = marker, bytes(changed)


def _cut_scan(segments, random):
    """The end is there, and what is before it is not."""
    number = _scan(segments, random)
    marker, data = segments[number]
    segments[number] = marker, data[: random.integers(10, len(data))]
    if random.random() < 0.5:
        segments[number + 1 :] = [(0xD9, b"")]


def _mutated_scan(segments, random):
    number = _scan(segments, random)
    marker, data = segments[number]
    segments[number] = marker, data[:10] + mutate(data[10:] + bytes(16), random)[1]


def _many_scans(segments, random):
    number = _scan(segments, random)
    segments[number:number] = [segments[number]] * int(random.integers(1, 300))


def _foreign_segment(segments, random):
    marker = int(random.choice([0xE0, 0xE1, 0xE2, 0xEE, 0xDB, 0xC4, 0xDD, 0xFE, 0x01]))
    data = random.bytes(random.integers(0, 200))
    if marker == 0xE1:
        data = b"Exif\0\0" + exif(random)
    if marker == 0xEE:  # Adobe's: which colours the channels are.
        data = b"Adobe\0\x64\0\0\0\0" + bytes([random.integers(4)])
    segments.insert(random.integers(1, len(segments)), (marker, data))


_JPEG_MUTATIONS = {
    "size of a JPEG": _jpeg_size,
    "frame of a JPEG": _jpeg_frame,
    "scan cut short": _cut_scan,
    "scan mutated": _mutated_scan,
    "scan many times": _many_scans,
    "data of a segment": _chunk_data,
    "segment left out": _drop_chunk,
    "segment repeated": _repeat_chunk,
    "segments swapped": _swap_chunks,
    "segment put in": _foreign_segment,
}
