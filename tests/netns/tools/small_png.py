"""Make an image of a page small: 256 colours, which a page hardly exceeds, and
the best compression (PNG, RFC 2083). The browser finds the colours.
"""

import base64
import struct
import zlib

# The 256 most frequent colours, and for each pixel which of them is nearest.
FIND_COLOURS = """(async (source) => {
    const image = new Image();
    image.src = source;
    await image.decode();
    const canvas = document.createElement("canvas");
    canvas.width = image.width;
    canvas.height = image.height;
    const context = canvas.getContext("2d");
    context.drawImage(image, 0, 0);
    const { data } = context.getImageData(0, 0, image.width, image.height);
    const used = new Map();
    for (let i = 0; i < data.length; i += 4) {
        const colour = data[i] << 16 | data[i + 1] << 8 | data[i + 2];
        used.set(colour, (used.get(colour) ?? 0) + 1);
    }
    const palette = [...used].sort((a, b) => b[1] - a[1]).slice(0, 256)
        .map(([colour]) => colour);
    const far = (a, b) => [16, 8, 0].reduce((sum, shift) =>
        sum + ((a >> shift & 255) - (b >> shift & 255)) ** 2, 0);
    const nearest = new Map([...used.keys()].map((colour) => [colour,
        palette.reduce((best, other, i) =>
            far(other, colour) < far(palette[best], colour) ? i : best, 0)]));
    let pixels = "";
    for (let i = 0; i < data.length; i += 4)
        pixels += String.fromCharCode(nearest.get(
            data[i] << 16 | data[i + 1] << 8 | data[i + 2]));
    return { width: image.width, height: image.height, palette,
        pixels: btoa(pixels) };
})"""


def chunk(kind, data):
    """A chunk of the file (RFC 2083, 3.2)."""
    return (struct.pack(">I", len(data)) + kind + data +
            struct.pack(">I", zlib.crc32(kind + data)))


def shrink(page, data):
    """The same image, smaller. page: any page of a browser that may show
    images, such as about:blank.
    """
    url = "data:image/png;base64," + base64.b64encode(data).decode()
    found = page.value(f'{FIND_COLOURS}("{url}")')
    width, height = found["width"], found["height"]
    pixels = base64.b64decode(found["pixels"])
    lines = b"".join(b"\0" + pixels[y * width:(y + 1) * width]
                     for y in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    palette = b"".join(struct.pack(">I", colour)[1:]
                       for colour in found["palette"])
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) +
            chunk(b"PLTE", palette) + chunk(b"IDAT", zlib.compress(lines, 9)) +
            chunk(b"IEND", b""))
