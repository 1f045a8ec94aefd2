// Signs of places, drawn from the paths that the style brings along when the map first needs them: nothing is fetched.

export const BOX = 20;
const SHARP = 3; // pixels of the picture for one of the page

export function picture({ path, fill, line }) {
  const canvas = document.createElement("canvas");
  canvas.width = BOX * SHARP;
  canvas.height = BOX * SHARP;
  const pen = canvas.getContext("2d");
  pen.scale(SHARP, SHARP);
  pen.arc(BOX / 2, BOX / 2, BOX / 2 - 0.8, 0, 2 * Math.PI);
  pen.fillStyle = fill;
  pen.fill();
  pen.strokeStyle = line;
  pen.lineWidth = 1.4;
  pen.lineCap = "round";
  pen.lineJoin = "round";
  pen.stroke();
  pen.stroke(new Path2D(path));
  return canvas;
}

export function drawSigns(gl) {
  gl.on("styleimagemissing", ({ id }) => {
    const sign = gl.getStyle().metadata.signs[id];
    if (!sign || gl.hasImage(id)) return;
    const drawn = picture(sign);
    gl.addImage(id, drawn.getContext("2d").getImageData(0, 0, drawn.width, drawn.height), { pixelRatio: SHARP });
  });
}
