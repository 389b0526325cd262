// The orbit in space with the Earth's, and a date to move; the numbers beneath say the same without the picture.
import { BufferGeometry, CanvasTexture, Color, Line, LineBasicMaterial, Mesh, MeshBasicMaterial, PerspectiveCamera, Scene, SphereGeometry, Sprite, SpriteMaterial, SRGBColorSpace, Vector3, WebGLRenderer } from "three";
import { OrbitControls } from "three/addons/controls/OrbitControls.js";
import { block } from "./api.js";
import { page } from "./colours.js";
import { el } from "./dom.js";
import { between, dateOf, ellipse, norm, position } from "./kepler.js";

const COLOURS = { object: "#D55E00", earth: "#2F8FD0", matched: "#CC79A7" };
const data = block("scene");
const holder = document.getElementById("orbit");
const slider = document.getElementById("orbit-time");

const toSpace = ([x, y, z]) => new Vector3(x, z, -y);

function label(text, colour) {
  const canvas = document.createElement("canvas");
  const ctx = canvas.getContext("2d");
  ctx.font = "600 40px system-ui, sans-serif";
  canvas.width = Math.ceil(ctx.measureText(text).width) + 12;
  canvas.height = 56;
  ctx.font = "600 40px system-ui, sans-serif";
  ctx.fillStyle = colour;
  ctx.fillText(text, 6, 42);
  const map = new CanvasTexture(canvas);
  map.colorSpace = SRGBColorSpace;
  const sprite = new Sprite(new SpriteMaterial({ map, depthTest: false, sizeAttenuation: false }));
  sprite.scale.set((canvas.width / canvas.height) * 0.05, 0.05, 1);
  sprite.center.set(-0.08, -0.15);
  return sprite;
}

class View {
  constructor() {
    this.renderer = new WebGLRenderer({ antialias: true, alpha: true });
    this.camera = new PerspectiveCamera(45, 1, 0.01, 500);
    this.scene = new Scene();
    const size = Math.max(...data.bodies.map((body) => body.a_au * (1 + body.e)));
    this.size = size;
    const sun = new Mesh(new SphereGeometry(0.025 * size, 24, 16), new MeshBasicMaterial({ color: "#E69F00" }));
    this.scene.add(sun);
    this.dots = data.bodies.map((body) => {
      const colour = COLOURS[body.kind];
      const path = new BufferGeometry().setFromPoints(ellipse(body).map(toSpace));
      this.scene.add(new Line(path, new LineBasicMaterial({ color: colour })));
      const dot = new Mesh(new SphereGeometry(0.017 * size, 20, 14), new MeshBasicMaterial({ color: colour }));
      dot.add(label(body.name, colour));
      this.scene.add(dot);
      return dot;
    });
    holder.replaceChildren(this.renderer.domElement);
    this.renderer.domElement.setAttribute("role", "img");
    this.renderer.domElement.setAttribute("aria-label", `Orbit of ${data.bodies[0].name} with that of the Earth; distances are given below`);
    this.controls = new OrbitControls(this.camera, this.renderer.domElement);
    this.controls.addEventListener("change", () => this.draw());
    new ResizeObserver(() => this.resize()).observe(holder);
    this.resize();
  }

  resize() {
    const [width, height] = [holder.clientWidth, holder.clientHeight];
    if (!width || !height) return;
    this.renderer.setPixelRatio(Math.min(devicePixelRatio, 2));
    this.renderer.setSize(width, height);
    this.camera.aspect = width / height;
    if (!this.placed) this.stand();
    this.camera.updateProjectionMatrix();
    this.draw();
  }

  /** Where the whole of every orbit is in the picture, whatever its shape. */
  stand() {
    const half = Math.tan((this.camera.fov * Math.PI) / 360);
    const away = (1.12 * this.size) / (half * Math.min(1, this.camera.aspect));
    this.camera.position.set(0.15, 0.68, 0.72).normalize().multiplyScalar(away);
    this.controls?.update();
    this.placed = true;
  }

  move(places) {
    places.forEach((place, index) => this.dots[index].position.copy(toSpace(place)));
    this.draw();
  }

  draw() {
    this.scene.background = new Color(page("--card"));
    this.renderer.render(this.scene, this.camera);
  }
}

function makeView() {
  try {
    return new View();
  } catch {
    holder.replaceChildren(el("p", { class: "notice" }, "This browser offers no WebGL, so the orbit is not drawn. The distances below are computed all the same."));
    holder.classList.add("without");
    return null;
  }
}

const view = makeView();

function show() {
  const jd = data.epoch_tdb_jd + Number(slider.value);
  const places = data.bodies.map((body) => position(body, jd));
  const [own, earth] = places;
  document.getElementById("orbit-date").textContent = dateOf(jd);
  const line = document.getElementById("orbit-distances");
  line.textContent = `From the Sun ${norm(own).toFixed(5)} au, from the Earth ${between(own, earth).toFixed(5)} au.`;
  Object.assign(line.dataset, { jd, sun: norm(own), earth: between(own, earth) });
  view?.move(places);
}

slider.addEventListener("input", show);
document.addEventListener("theme", () => view?.draw());
show();
