import torch
import torch.nn as nn


class ConvAutoencoder(nn.Module):
    def __init__(self, latent_channels=4):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv2d(1, 8, 3, stride=2, padding=1), nn.ReLU(),
            nn.Conv2d(8, latent_channels, 3, stride=2, padding=1), nn.ReLU(),
        )
        self.decoder = nn.Sequential(
            nn.ConvTranspose2d(latent_channels, 8, 3, stride=2, padding=1, output_padding=1), nn.ReLU(),
            nn.ConvTranspose2d(8, 1, 3, stride=2, padding=1, output_padding=1), nn.Sigmoid(),
        )

    def forward(self, x):
        z = self.encoder(x)
        return self.decoder(z), z


torch.manual_seed(42)
model = ConvAutoencoder()
x = torch.rand(8, 1, 12, 12)
noisy = (x + 0.2 * torch.randn_like(x)).clamp(0., 1.)
criterion = nn.MSELoss()
optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-3, alpha=0.9)
history = {"loss": [], "psnr": []}
for epoch in range(5):
    recon, z = model(noisy)
    loss = criterion(recon, x)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    history["loss"].append(loss.item())
    history["psnr"].append(float(-10 * torch.log10(loss.detach())))
    print(f"Epoch [{epoch + 1}/5], Loss: {loss.item():.5f}, PSNR {history['psnr'][-1]:.2f} dB")
print("latent", tuple(z.shape), "sparsity %.3f" % (z == 0).float().mean())
print({k: [round(v, 3) for v in vs] for k, vs in history.items()})
total = sum(p.numel() for p in model.parameters() if p.requires_grad)
print(f"Trainable: {total:,}")
for name, layer in model.encoder.named_children():
    print(name, layer)
