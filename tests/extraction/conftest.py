from colour_videos import backbone, videos

__all__ = ["backbone", "videos"]
