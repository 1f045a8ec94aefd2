// Signs of places, drawn from the paths that the style brings along when the map first needs them: nothing is fetched.

const BOX = 20;
const SHARP = 3; // pixels of the picture for one of the page

function picture({ path, fill, line }) {
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
  return pen.getImageData(0, 0, canvas.width, canvas.height);
}

export function drawSigns(gl) {
  gl.on("styleimagemissing", ({ id }) => {
    const sign = gl.getStyle().metadata.signs[id];
    if (sign && !gl.hasImage(id)) gl.addImage(id, picture(sign), { pixelRatio: SHARP });
  });
}
